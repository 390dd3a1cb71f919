import assert from 'node:assert/strict'
import { chmodSync, chownSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkConfig } from '../../src/config/load.ts'
import { ensureManifestKey, readManifestKey } from '../../src/config/manifest-key.ts'
import { ensureSecret } from '../../src/config/generated-secret.ts'
import { printableKey } from '../../src/core/backup/signature.ts'
import { tempDir } from '../support/temp-dir.ts'
import { needRoot } from '../support/skip-without.ts'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

test('the key is made once, only its owner can read it, and reading makes none', t => {
  const dataDir = tempDir(t)
  assert.equal(readManifestKey(dataDir), undefined)
  const key = printableKey(ensureManifestKey({ dataDir }))
  assert.equal(printableKey(ensureManifestKey({ dataDir })), key)
  assert.equal(statSync(join(dataDir, 'manifest-key')).mode & 0o777, 0o600)
  chmodSync(join(dataDir, 'manifest-key'), 0o660)
  assert.equal(printableKey(ensureManifestKey({ dataDir })), key)
  assert.equal(statSync(join(dataDir, 'manifest-key')).mode & 0o777, 0o600)
})

test('trusted keys are a list in the file or the environment, and a mistyped one is a problem', t => {
  const key = printableKey(ensureManifestKey({ dataDir: tempDir(t) }))
  assert.deepEqual(
    validConfig({ BACKUP_TRUSTED_SIGNING_KEYS: key, BACKUP_REQUIRE_SIGNED: 'true' }, workDir(t)).signing,
    { trusted: [key], isRequired: true }
  )
  const cwd = workDir(t, { 'holdfast.yaml': `trustedSigningKeys: [${key}]` })
  assert.deepEqual(validConfig({}, cwd).signing, { trusted: [key], isRequired: false })
  assert.equal(problemsOf({ BACKUP_TRUSTED_SIGNING_KEYS: key.slice(1) }, workDir(t)).length, 1)
})

test('a key file that belongs to another user is refused, and signs nothing', t => {
  if (process.getuid?.() !== 0) {
    t.skip('only root can give a file away')
    return
  }
  const cwd = workDir(t)
  const dataDir = join(cwd, 'data')
  ensureManifestKey({ dataDir })
  chownSync(join(dataDir, 'manifest-key'), 65_534, 65_534)
  const checked = checkConfig({ DATA_DIR: dataDir }, cwd)
  assert.ok(!checked.ok)
  assert.equal(checked.code, 'DATA_DIR_UNSAFE')
  assert.match(checked.problems.map(({ problem }) => problem).join(), /manifest-key" belongs to user 65534/)
})

test('secrets of this user that the group can read, as after a start with fsGroup, are no problem of the configuration', t => {
  const cwd = workDir(t)
  const dataDir = join(cwd, 'data')
  ensureManifestKey({ dataDir })
  ensureSecret({ dataDir, tokenKey: undefined })
  const files = ['manifest-key', 'jwt-secret'].map(name => join(dataDir, name))
  for (const path of files) chmodSync(path, 0o660)
  assert.deepEqual(problemsOf({ DATA_DIR: dataDir }, cwd), [])
  for (const path of files) assert.equal(statSync(path).mode & 0o777, 0o600, path)
})

test('a key file of the owner of DATA_DIR that others can read is a problem of the configuration, with what to do', t => {
  if (!needRoot(t)) return
  const cwd = workDir(t)
  const dataDir = join(cwd, 'data')
  ensureManifestKey({ dataDir })
  for (const path of [dataDir, join(dataDir, 'manifest-key')]) chownSync(path, 65_534, 65_534)
  chmodSync(join(dataDir, 'manifest-key'), 0o644)
  const [problem] = problemsOf({ DATA_DIR: dataDir }, cwd)
  assert.match(problem?.problem ?? '', /manifest-key" can be read by other users/)
  assert.match(problem?.remedy ?? '', /BACKUP_TRUSTED_SIGNING_KEYS/)
})

test('the server records both options for the commands beside it', t => {
  const key = printableKey(ensureManifestKey({ dataDir: tempDir(t) }))
  const checked = checkConfig({ BACKUP_TRUSTED_SIGNING_KEYS: key, BACKUP_REQUIRE_SIGNED: 'true' }, workDir(t))
  assert.ok(checked.ok)
  const { trustedSigningKeys, requireSigned } = checked.recorded.options
  assert.deepEqual([trustedSigningKeys, requireSigned], [key, true])
})
