import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import type { BackupError } from '../../src/core/errors.ts'
import { catalogSource, SOURCE_KINDS, sourceKindOf } from '../../src/sources/index.ts'

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
