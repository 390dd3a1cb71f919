import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { tokenListSchema } from '../../src/cli/views/token.ts'
import { holdfast } from '../support/processes/holdfast.ts'
import { workDir } from '../support/config/config.ts'
import { SECRET, startService, until } from '../support/processes/service.ts'
import { shopDatabase } from '../support/databases/shop.ts'

const ENVIRONMENT = { JWT_SECRET: SECRET }

async function run (cwd: string, ...words: string[]): Promise<string> {
  const { code, out, err } = await holdfast(words, cwd, ENVIRONMENT)
  assert.deepEqual([code, err], [0, ''])
  return out.trim()
}

async function listed (cwd: string): Promise<ReturnType<typeof tokenListSchema.parse>['tokens']> {
  return tokenListSchema.parse(JSON.parse(await run(cwd, 'token', 'list', '--json'))).tokens
}

test('a token that was made beside the running service is accepted, and refused within a second of its revocation', async t => {
  const home = workDir(t)
  const token = await run(home, 'token', 'create', '--role', 'viewer', '--subject', 'ann')
  const service = await startService(t, home, {}, token)
  const ask = (): Promise<{ status: number, body: { code?: string, detail?: string } }> =>
    service.call('GET', '/api/backups')
  assert.equal((await ask()).status, 200)

  const [{ id, subject, role, state } = {}] = await listed(home)
  assert.deepEqual([subject, role, state], ['ann', 'viewer', 'valid'])
  assert.equal(await run(home, 'token', 'revoke', id ?? ''), `revoked ${id} of "ann" (viewer)`)
  const ended = performance.now()
  const { body } = await until(ask, ({ status }) => status !== 200)
  assert.ok(performance.now() - ended < 1000)
  assert.deepEqual([body.code, body.detail], ['UNAUTHORIZED', 'the token was revoked'])
  assert.equal((await listed(home))[0]?.state, 'revoked')
})

test('a token made right after its subject was revoked is accepted', async t => {
  const home = workDir(t)
  const stolen = await run(home, 'token', 'create', '--role', 'admin', '--subject', 'ann')
  assert.match(await run(home, 'token', 'revoke', '--subject', 'ann'), /^revoked .* of "ann" \(admin\)$/m)
  const replaced = await run(home, 'token', 'create', '--role', 'admin', '--subject', 'ann')
  const service = await startService(t, home, {}, replaced)
  assert.equal((await service.call('GET', '/api/backups')).status, 200)
  assert.equal(
    (await service.call('GET', '/api/backups', undefined, { authorization: `Bearer ${stolen}` })).status,
    401
  )
})

test('a token that is made while the catalog is lost does not hide the backups from the service', async t => {
  const { path } = shopDatabase(t)
  const home = workDir(t)
  const environment = { DATABASE_PATH: path }
  const service = await startService(t, home, environment, await run(home, 'token', 'create', '--role', 'admin'))
  assert.equal((await service.call('POST', '/api/backups')).status, 201)
  await service.kill('SIGTERM')
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(home, `data/holdfast.db${suffix}`), { force: true })

  const { code, out } = await holdfast(['token', 'create', '--role', 'viewer'], home, {
    ...ENVIRONMENT,
    ...environment
  })
  assert.equal(code, 0)
  const again = await startService(t, home, environment, out.trim())
  assert.equal((await again.call('GET', '/api/backups')).body.count, 1)
})

test('a token that cannot be remembered is not given out', async t => {
  const home = workDir(t)
  await run(home, 'token', 'create', '--role', 'viewer')
  writeFileSync(
    join(home, 'data/holdfast.db'),
    'no database at all, but long enough to be looked at as one'.repeat(100)
  )
  const { code, out, err } = await holdfast(['token', 'create', '--role', 'viewer'], home, ENVIRONMENT)
  assert.deepEqual([code, out], [6, ''])
  assert.match(err, /catalog/)
})
