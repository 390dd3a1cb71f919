import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schemaPattern, tablePattern } from '../../../src/sources/postgres/patterns.ts'

const SCHEMAS: ReadonlyArray<readonly [string, readonly string[], readonly string[]]> = [
  ['public', ['public'], ['Public', 'publics', 'xpublic']],
  ['Public', ['public'], ['Public']],
  ['"Public"', ['Public'], ['public']],
  ['tmp_*', ['tmp_', 'tmp_1', 'tmp_a\nb'], ['tmp', 'xtmp_']],
  ['t?', ['ta', 't*'], ['t', 'tab']],
  ['"t*"', ['t*'], ['tab']],
  ['"a""b.c"', ['a"b.c'], ['a""b.c']],
  ['a+b', ['a+b'], ['aab']]
]

for (const [pattern, matching, others] of SCHEMAS) {
  test(`the schema ${pattern} is ${JSON.stringify(matching)}, and not ${JSON.stringify(others)}`, () => {
    const found = schemaPattern(pattern)
    for (const name of matching) assert.ok(found?.test(name), name)
    for (const name of others) assert.ok(found?.test(name) === false, name)
  })
}

test('a table has a schema and a name, each with its own quotes and wildcards', () => {
  const found = tablePattern('au*."Raw.Data"')
  assert.ok(found?.schema.test('audit') === true && found.table.test('Raw.Data') && !found.table.test('RawxData'))
})

test('what is no name is none', () => {
  for (const text of ['', '.', 'a.', '.a', '"a', 'a"b', '"a"b', '"a"."', 'a..b']) {
    assert.equal(schemaPattern(text), undefined, text)
    assert.equal(tablePattern(text), undefined, text)
  }
  assert.equal(schemaPattern('a.b'), undefined)
  assert.equal(tablePattern('a'), undefined)
  assert.equal(tablePattern('a.b.c'), undefined)
})
