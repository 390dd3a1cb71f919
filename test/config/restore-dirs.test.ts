import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { problemsOf, validConfig, workDir } from '../support/config.ts'

test('the API may restore nowhere unless directories are named', t => {
  assert.deepEqual(validConfig({}, workDir(t)).restoreDirs, [])
})

test('directories come from a variable with colons in between, or from a list, relative to where they are written', t => {
  const cwd = workDir(t, { 'holdfast.yaml': 'restoreDirs: [./a, /srv/b]' })
  assert.deepEqual(validConfig({}, cwd).restoreDirs, [join(cwd, 'a'), '/srv/b'])
  assert.deepEqual(validConfig({ RESTORE_DIRS: './c:/srv/d:' }, cwd).restoreDirs, [join(cwd, 'c'), '/srv/d'])
  assert.deepEqual(problemsOf({}, workDir(t, { 'holdfast.yaml': 'restoreDirs: [1]' })).map(({ name }) => name), ['restoreDirs'])
})

test('a directory of the service itself is refused, also by another name of it', t => {
  const cwd = workDir(t)
  mkdirSync(join(cwd, 'data'))
  symlinkSync(join(cwd, 'data'), join(cwd, 'link'))
  for (const directory of ['./data', './data/x', './backups/y', './link/z', './data/scratch']) {
    assert.ok(problemsOf({ RESTORE_DIRS: directory }, cwd).some(({ name }) => name === 'RESTORE_DIRS'), directory)
  }
  assert.deepEqual(problemsOf({ RESTORE_DIRS: '.:/srv' }, cwd), [])
})

test('every file that configures the service is known, also one that is not there yet', t => {
  const cwd = workDir(t)
  writeFileSync(join(cwd, 'metrics'), 'a token for the metrics, and for nothing else')
  writeFileSync(join(cwd, 'jwt'), 'x'.repeat(40))
  writeFileSync(join(cwd, 'key'), 'k'.repeat(40))
  writeFileSync(join(cwd, 'other.yaml'), 'jwtSecretFile: ./jwt\nstores:\n  far: { kind: s3, bucket: b, accessKeyId: a, secretAccessKeyFile: ./key }\n')
  const { ownFiles } = validConfig({ HOLDFAST_CONFIG: './other.yaml', METRICS_TOKEN_FILE: './metrics' }, cwd)
  for (const name of ['.env', 'holdfast.yaml', 'other.yaml', 'metrics', 'jwt', 'key']) assert.ok(ownFiles.includes(join(cwd, name)), name)
})
