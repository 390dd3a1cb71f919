import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireSource } from '../../src/engine/require-source.ts'
import { testEngine } from '../support/engine/engine.ts'
import { MemorySource } from '../support/sources/memory-source.ts'

test('a source is found by its name, and without one it is the default', async t => {
  const { deps } = await testEngine(t, { sources: [new MemorySource('shop'), new MemorySource('bank')] })
  assert.deepEqual(
    [requireSource(deps, 'bank').source.name, requireSource(deps, undefined).source.name],
    ['bank', 'shop']
  )
})

test('one that is not configured is SOURCE_NOT_FOUND, and the hint names those that there are and how to add one', async t => {
  const { deps } = await testEngine(t, { sources: [new MemorySource('shop'), new MemorySource('bank')] })
  assert.throws(() => requireSource(deps, 'attic'), {
    code: 'SOURCE_NOT_FOUND',
    hint: 'Choose one of "shop", "bank", or configure another with DATABASE_PATH or in holdfast.yaml.'
  })
})
