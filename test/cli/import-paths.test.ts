import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { candidatesOf } from '../../src/cli/import-paths.ts'
import { rejectsWith } from '../support/rejects.ts'
import { tempDir } from '../support/temp-dir.ts'

test('files, directories and patterns are expanded, each file once', async t => {
  const cwd = tempDir(t)
  mkdirSync(join(cwd, 'old/deeper'), { recursive: true })
  for (const name of ['old/b.db', 'old/a.db', 'old/deeper/c.db', '[x].db']) writeFileSync(join(cwd, name), '')
  const found = async (...paths: string[]): Promise<ReadonlyArray<readonly [string, boolean]>> =>
    (await candidatesOf(paths, cwd)).map(({ path, isGiven }) => [path.slice(cwd.length + 1), isGiven])
  assert.deepEqual(await found('old'), [['old/a.db', false], ['old/b.db', false]])
  assert.deepEqual(await found('old/*.db'), [['old/a.db', true], ['old/b.db', true]])
  assert.deepEqual(await found('**/c.db'), [['old/deeper/c.db', true]])
  assert.deepEqual(await found('old', 'old/a.db', join(cwd, 'old/b.db')), [['old/a.db', true], ['old/b.db', true]])
  // A file of that name comes before the pattern.
  assert.deepEqual(await found('[x].db'), [['[x].db', true]])
  // The import reports that it is missing.
  assert.deepEqual(await found('missing.db'), [['missing.db', true]])
})

test('a pattern without a match and a directory without files are errors', async t => {
  const cwd = tempDir(t)
  mkdirSync(join(cwd, 'empty/deeper'), { recursive: true })
  assert.match((await rejectsWith('OBJECT_NOT_FOUND', candidatesOf(['*.db'], cwd))).message, /no file matches "\*\.db"/)
  assert.match((await rejectsWith('OBJECT_NOT_FOUND', candidatesOf(['empty'], cwd))).message, /has no files/)
})
