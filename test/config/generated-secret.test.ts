import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { ensureSecret } from '../../src/config/generated-secret.ts'
import { BackupError } from '../../src/core/errors.ts'
import { Secret } from '../../src/core/secret.ts'
import { needRoot } from '../support/skip-without.ts'
import { tempDir } from '../support/temp-dir.ts'

const own = (dataDir: string): string => ensureSecret({ dataDir, tokenKey: undefined }).key.reveal()

const invalid = (pattern: RegExp) => (error: unknown): boolean =>
  error instanceof BackupError && error.code === 'CONFIG_INVALID' && pattern.test(error.message)

test('the first call makes a secret that only its owner can read', t => {
  const dataDir = join(tempDir(t), 'deep/data')
  assert.ok(own(dataDir).length >= 32)
  assert.equal(statSync(dataDir).mode & 0o777, 0o700)
  assert.equal(statSync(join(dataDir, 'jwt-secret')).mode & 0o777, 0o600)
  assert.deepEqual(readdirSync(dataDir), ['jwt-secret'])
})

test('a later call gives the same secret', t => {
  const dataDir = tempDir(t)
  assert.equal(own(dataDir), own(dataDir))
})

test('two services make different secrets', t => {
  assert.notEqual(own(tempDir(t)), own(tempDir(t)))
})

test('a configured key is used, and no file is made', t => {
  const dataDir = tempDir(t)
  const tokenKey = { algorithm: 'EdDSA' as const, key: new Secret('a key') }
  assert.equal(ensureSecret({ dataDir, tokenKey }), tokenKey)
  assert.deepEqual(readdirSync(dataDir), [])
})

test('processes that come first at once end up with one secret', async t => {
  const dataDir = join(tempDir(t), 'data')
  const code = `import { ensureSecret } from ${
    JSON.stringify(import.meta.resolve('../../src/config/generated-secret.ts'))
  }
    process.stdout.write(ensureSecret({ dataDir: ${JSON.stringify(dataDir)}, tokenKey: undefined }).key.reveal())`
  const answers = await Promise.all(Array.from({ length: 4 }, async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [answer] = await Promise.all([text(child.stdout), once(child, 'close')])
    return answer
  }))
  assert.deepEqual(new Set(answers), new Set([readFileSync(join(dataDir, 'jwt-secret'), 'utf8').trim()]))
  assert.deepEqual(readdirSync(dataDir), ['jwt-secret'])
})

for (const mode of [0o660, 0o640]) {
  test(`a secret of this user with mode ${mode.toString(8)}, as a volume may leave it, is used and is its owner's alone again`, t => {
    const dataDir = tempDir(t)
    const path = join(dataDir, 'jwt-secret')
    const secret = own(dataDir)
    chmodSync(path, mode)
    assert.equal(own(dataDir), secret)
    assert.equal(statSync(path).mode & 0o777, 0o600)
  })
}

test('a secret of another user that others can read is refused with the remedy, unless these are a group of that user alone', t => {
  if (!needRoot(t)) return
  const dataDir = tempDir(t)
  const path = join(dataDir, 'jwt-secret')
  const secret = own(dataDir)
  // "daemon" is user 1 and group 1 in every base system, and alone in it; "nobody" is not in group 1.
  for (const [uid, mode, isTaken] of [[1, 0o640, true], [1, 0o644, false], [65_534, 0o640, false]] as const) {
    chownSync(path, uid, 1)
    chmodSync(path, mode)
    if (isTaken) assert.equal(own(dataDir), secret)
    else assert.throws(() => own(dataDir), invalid(/other users[^]*chmod 600/), `${uid} ${mode.toString(8)}`)
    assert.equal(statSync(path).mode & 0o777, mode)
  }
})

test('a secret that is too short is refused and left as it is', t => {
  const dataDir = tempDir(t)
  writeFileSync(join(dataDir, 'jwt-secret'), 'short\n', { mode: 0o600 })
  assert.throws(() => own(dataDir), invalid(/shorter than 32/))
  assert.equal(readFileSync(join(dataDir, 'jwt-secret'), 'utf8'), 'short\n')
})

test('something else of that name is refused', t => {
  const dataDir = tempDir(t)
  mkdirSync(join(dataDir, 'jwt-secret'))
  assert.throws(() => own(dataDir), invalid(/not a file/))
})

test('a data directory that cannot be made is a problem of DATA_DIR', t => {
  const file = join(tempDir(t), 'file')
  writeFileSync(file, '')
  assert.throws(() => own(join(file, 'data')), invalid(/DATA_DIR/))
})
