import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { problemsOf, workDir } from '../support/config/config.ts'

const names = (environment: Record<string, string>, cwd: string): string[] =>
  problemsOf(environment, cwd).map(({ name }) => name)

test('the data must not lie among the backups', t => {
  const cwd = workDir(t)
  assert.deepEqual(names({ BACKUP_DIR: 'all', DATA_DIR: './all/' }, cwd), ['DATA_DIR', 'SCRATCH_DIR'])
  assert.deepEqual(names({ BACKUP_DIR: 'all', DATA_DIR: 'all/data', SCRATCH_DIR: 'scratch' }, cwd), ['DATA_DIR'])
})

test('the backups may lie within the data', t => {
  assert.deepEqual(names({ DATA_DIR: 'all', BACKUP_DIR: 'all/backups' }, workDir(t)), [])
})

test('a directory whose name starts alike is another one', t => {
  assert.deepEqual(names({ BACKUP_DIR: 'all', DATA_DIR: 'all-data' }, workDir(t)), [])
})

test('scratch space, which is emptied, must hold nothing that is kept', t => {
  const cwd = workDir(t)
  assert.deepEqual(names({ SCRATCH_DIR: 'data' }, cwd), ['SCRATCH_DIR'])
  assert.deepEqual(names({ SCRATCH_DIR: '.' }, cwd), ['SCRATCH_DIR', 'SCRATCH_DIR'])
  assert.deepEqual(names({ SCRATCH_DIR: 'backups/tmp' }, cwd), ['SCRATCH_DIR'])
  assert.deepEqual(names({ SCRATCH_DIR: 'tmp', DATABASE_PATH: 'tmp/shop.db' }, cwd), ['DATABASE_PATH'])
})

test('a source must not be a file among the backups', t => {
  const cwd = workDir(t, { 'holdfast.yaml': 'sources:\n  - { name: old, path: backups/old.db }\n' })
  assert.deepEqual(names({ DATABASE_PATH: 'backups/workstation.db' }, cwd), ['DATABASE_PATH', 'sources[0].path'])
})

test('a source must not be the own catalog under another name', t => {
  const cwd = workDir(t, { 'holdfast.yaml': 'sources:\n  - { name: own, path: data/holdfast.db }\n' })
  assert.deepEqual(names({}, cwd), ['sources[0].path'])
})

test('links are followed', t => {
  const cwd = workDir(t)
  mkdirSync(join(cwd, 'backups'))
  symlinkSync('backups', join(cwd, 'data'))
  assert.deepEqual(names({ SCRATCH_DIR: 'tmp' }, cwd), ['DATA_DIR'])
})

test('a source that is a directory must not contain a directory of the service', t => {
  const cwd = workDir(t, { 'holdfast.yaml': 'sources:\n  - { name: site, path: ./site }\n' })
  mkdirSync(join(cwd, 'site/kept'), { recursive: true })
  symlinkSync('site/kept', join(cwd, 'link'))
  for (
    const [environment, variables] of [
      [{ BACKUP_DIR: 'site/backups' }, ['BACKUP_DIR']],
      [{ BACKUP_DIR: 'link/backups' }, ['BACKUP_DIR']],
      [{ DATA_DIR: 'site/data', SCRATCH_DIR: 'scratch' }, ['DATA_DIR']],
      [{ SCRATCH_DIR: 'site/a/scratch' }, ['SCRATCH_DIR']],
      [{ DATA_DIR: 'site/data' }, ['DATA_DIR', 'SCRATCH_DIR']]
    ] as const
  ) {
    const problems = problemsOf(environment, cwd).filter(({ name }) => name === 'sources[0].path')
    assert.deepEqual(
      problems.map(({ problem }) => problem),
      variables.map(variable => `"${join(cwd, 'site')}" contains ${variable}`),
      JSON.stringify(environment)
    )
  }
  assert.deepEqual(names({ BACKUP_DIR: 'site-backups', DATA_DIR: 'sites/data' }, cwd), [])
})
