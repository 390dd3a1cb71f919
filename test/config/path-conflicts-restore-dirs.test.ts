import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

test('the API may restore nowhere unless directories are named', t => {
  assert.deepEqual(validConfig({}, workDir(t)).restoreDirs, [])
})

test('directories come from a variable with colons in between, or from a list, relative to where they are written', t => {
  const cwd = workDir(t, { 'holdfast.yaml': 'restoreDirs: [./a, /srv/b]' })
  assert.deepEqual(validConfig({}, cwd).restoreDirs, [join(cwd, 'a'), '/srv/b'])
  assert.deepEqual(validConfig({ RESTORE_DIRS: './c:/srv/d:' }, cwd).restoreDirs, [join(cwd, 'c'), '/srv/d'])
  assert.deepEqual(problemsOf({}, workDir(t, { 'holdfast.yaml': 'restoreDirs: [1]' })).map(({ name }) => name), [
    'restoreDirs'
  ])
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

test('a directory in a source that is a directory is refused, and one around it is not', t => {
  const cwd = workDir(t, { 'holdfast.yaml': 'sources:\n  - { name: site, path: ./www/site }\n' })
  for (const directory of ['./www/site', './www/site/a']) {
    const [found] = problemsOf({ RESTORE_DIRS: directory }, cwd)
    assert.deepEqual([found?.name, found?.problem], [
      'RESTORE_DIRS',
      `"${join(cwd, directory)}" is in the database of "site", to which no restore is allowed`
    ])
  }
  assert.deepEqual(problemsOf({ RESTORE_DIRS: './www:./www/site2' }, cwd), [])
})
