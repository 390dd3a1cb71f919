import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { holdfast } from '../support/processes/holdfast.ts'
import { makeMoney } from '../support/databases/money.ts'
import { filesBelow } from '../support/files/files-below.ts'
import { everyAnswer } from '../support/http/every-answer.ts'
import { startService } from '../support/processes/service.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tokenFor } from '../support/http/token.ts'

test('the private key that signs manifests is in no answer, log, backup or record, and a new machine trusts its public part', async t => {
  const home = tempDir(t)
  makeMoney(join(home, 'app.db'), { entries: 10 })
  const environment = { DATABASE_PATH: join(home, 'app.db'), LOG_LEVEL: 'trace', BACKUP_COMPRESSION: 'none' }
  const token = tokenFor('admin')
  const service = await startService(t, home, environment, token)
  const texts: string[] = []
  for (const source of ['app', 'holdfast']) {
    const { status, body } = await service.call('POST', '/api/backups', { source })
    assert.equal(status, 201)
    assert.equal(body.backup.signature.state, 'signed')
    texts.push(JSON.stringify(body))
  }
  for (const { path, status, text } of await everyAnswer(service, 'app')) {
    // No restore was made, and a database does not consist of files.
    assert.ok(status === 200 || ['/api/restores/1', '/api/backups/1/files'].includes(path), `${path}: ${text}`)
    texts.push(text)
  }
  const verified = await service.call('POST', '/api/backups/1/verify')
  assert.equal(verified.body.signature.state, 'signed')
  const commands = [
    ['list', '--json'],
    ['show', '1'],
    ['key', 'list'],
    ['key', 'list', '--json'],
    ['config', 'show'],
    ['doctor', '--json'],
    ['verify', '1'],
    ['key', 'card'],
    ['restore', '1', '--output', join(home, 'restored.db'), '--json']
  ]
  for (const words of commands) {
    const { out, err } = await holdfast(words, home, environment)
    texts.push(out, err)
  }
  await service.kill('SIGTERM')
  texts.push(service.log(), JSON.stringify(verified.body))
  const text = readFileSync(join(home, 'data/manifest-key'), 'utf8').trim()
  const seed = createHash('sha256').update(text).digest()
  const secrets = [
    Buffer.from(text),
    seed,
    ...(['hex', 'base64', 'base64url'] as const).map(form => Buffer.from(seed.toString(form).replace(/=+$/, '')))
  ]
  const contents = [
    ...texts.map(one => Buffer.from(one)),
    ...filesBelow(home).filter(path => !path.endsWith('/manifest-key')).map(path => readFileSync(path))
  ]
  for (const content of contents) for (const secret of secrets) assert.equal(content.includes(secret), false)

  const listed = JSON.parse((await holdfast(['key', 'list', '--json'], home, environment)).out) as {
    signing: { key: string }
  }
  const machine = join(home, 'new')
  mkdirSync(machine)
  rmSync(join(home, 'data'), { recursive: true })
  const trusting = { BACKUP_TRUSTED_SIGNING_KEYS: listed.signing.key, BACKUP_REQUIRE_SIGNED: 'true' }
  const rebuilt = await holdfast(['rebuild', '--from', join(home, 'backups')], machine, trusting)
  assert.equal(rebuilt.code, 0, rebuilt.err)
  const restored = await holdfast(
    ['restore', '--latest', '--source', 'app', '--output', join(machine, 'app.db'), '--json'],
    machine,
    trusting
  )
  assert.deepEqual([restored.code, JSON.parse(restored.out).signature.state], [0, 'signed'])
  const file = readdirSync(join(home, 'backups')).find(name => /^app.*\.db$/.test(name)) ?? ''
  const proven = await holdfast(['verify', '--file', join(home, 'backups', file), '--json'], machine, trusting)
  assert.deepEqual([proven.code, JSON.parse(proven.out).signature.state], [0, 'signed'])
  const refused = await holdfast(['verify', '--file', join(home, 'backups', file)], home, {
    BACKUP_REQUIRE_SIGNED: 'true'
  })
  assert.equal(refused.code, 6)
  assert.match(refused.err, /signed by the unknown key [0-9a-f]{16}, and a signature by a trusted key is required/)
})
