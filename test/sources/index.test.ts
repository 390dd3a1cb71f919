import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import type { BackupError } from '../../src/core/errors.ts'
import { catalogSource, checkCatalogFile, salvageFile, SOURCE_KINDS, sourceKindOf } from '../../src/sources/index.ts'
import { DEFAULT_LIMITS } from '../../src/sources/subprocess.ts'
import { rejectsWith } from '../support/rejects.ts'
import { never } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'

/** Prints which modules of packages are loaded once these files are. */
const LOADED = `
import { createRequire } from 'node:module'
for (const file of process.argv.slice(1)) await import(file)
console.log(JSON.stringify(Object.keys(createRequire(import.meta.url).cache)))
`

function loadedBy (...files: string[]): string[] {
  const paths = files.map(file => new URL(`../../src/${file}`, import.meta.url).href)
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', LOADED, ...paths], {
    cwd: import.meta.dirname,
    encoding: 'utf8'
  })
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout) as string[]
}

test('the list of kinds loads no driver, and the tools of a kind do', () => {
  const isDriver = (file: string): boolean => file.includes('better-sqlite3')
  assert.deepEqual(loadedBy('sources/index.ts').filter(isDriver), [])
  assert.notDeepEqual(loadedBy('sources/index.ts', 'sources/sqlite/tools.ts').filter(isDriver), [])
})

test('a kind is found by its name, and an unknown one is a mistake of ours', () => {
  for (const kind of SOURCE_KINDS) assert.equal(sourceKindOf({ kind: kind.name }), kind)
  assert.throws(
    () => sourceKindOf({ kind: 'tape' }),
    (error: BackupError) => error.code === 'INTERNAL' && error.message.includes('"tape"')
  )
})

test('the own catalog is a source of one of the kinds, with all that is required', () => {
  const { kind, values } = catalogSource('/data/holdfast.db')
  assert.ok(SOURCE_KINDS.includes(kind))
  assert.deepEqual(kind.paths(values).map(({ path }) => path), ['/data/holdfast.db'])
  for (const field of kind.required) assert.ok(field in values, field)
})

test('a damaged source is salvaged by the kind that can, and its errors are passed on', async t => {
  const output = join(tempDir(t), 'saved.db')
  const missing = join(tempDir(t), 'none.db')
  await rejectsWith('SOURCE_MISSING', salvageFile(missing, output, { signal: never, phase () {}, bytes () {} }))
})

test('the first that is wrong with a catalog is found, and nothing in one that is whole', async t => {
  const path = join(tempDir(t), 'holdfast.db')
  const db = new Database(path)
  db.exec('CREATE TABLE job (id INTEGER PRIMARY KEY, name TEXT)')
  const insert = db.prepare('INSERT INTO job (name) VALUES (?)')
  for (let i = 0; i < 1000; i++) insert.run('x'.repeat(50))
  db.close()
  assert.equal(await checkCatalogFile(path, never, DEFAULT_LIMITS), undefined)
  const bytes = readFileSync(path)
  writeFileSync(path, Buffer.concat([bytes.subarray(0, 8192), Buffer.alloc(4096, 7), bytes.subarray(12_288)]))
  assert.match(await checkCatalogFile(path, never, DEFAULT_LIMITS) ?? '', /./)
})
