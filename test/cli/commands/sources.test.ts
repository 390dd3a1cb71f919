import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OUTPUTS } from '../../../src/cli/schemas.ts'
import { commandLine } from '../../support/cli/command-line.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'

test('sources shows the state of a source, its schedule and its retention', async t => {
  const { holdfast, create } = await commandLine(t)
  await create()
  assert.match(
    (await holdfast('sources')).out,
    /^shop, the default: ok\n[^]* {2}schedule +every hour\n {2}retention +at most 10\n/
  )
})

test('sources shows when a backup was last proven to restore', async t => {
  const { holdfast, create } = await commandLine(t)
  await create()
  assert.match((await holdfast('sources')).out, /proven +no restore or drill yet/)
  await holdfast('drill', '1')
  assert.match((await holdfast('sources')).out, /proven +restored 2025-11-24 23:30:01 UTC \(just now\), in 0\.0 s/)
})

test('sources shows each of several, and marks the default alone', async t => {
  const { holdfast, json } = await commandLine(t, { sources: [new MemorySource('shop'), new MemorySource('ledger')] })
  const { code, out } = await holdfast('sources')
  assert.equal(code, 0)
  assert.deepEqual(out.match(/^\S.*$/gm), ['shop, the default: never', 'ledger: never'])
  const printed = await json('sources')
  assert.deepEqual(OUTPUTS.sources.parse(printed), printed)
  assert.deepEqual(printed.sources.map(({ name }: { name: string }) => name), ['shop', 'ledger'])
  assert.equal((await holdfast('sources', 'shop')).code, 2)
})
