import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { RestoreModeSummary } from '../../../src/core/ports/source-kind.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import { makeEngine } from '../../../src/engine/make-engine.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'

/** An engine with one backup, whose kind puts backups back in these ways. */
async function engineWith (
  t: TestContext,
  modes: readonly [RestoreModeSummary, ...RestoreModeSummary[]]
): Promise<Engine> {
  const { deps, create } = await testEngine(t)
  await create()
  return makeEngine({ ...deps, kinds: new Map([...deps.kinds].map(([name, kind]) => [name, { ...kind, modes }])) })
}

test('a source is restored by the first mode of its kind', async t => {
  for (const name of ['live', 'replace'] as const) {
    const engine = await engineWith(t, [{ name, summary: 'in some way' }])
    assert.equal((await (await engine.restore(1, {})).result).mode, name)
  }
})

test('a mode that the kind does not have is refused, and those that it has are named', async t => {
  const engine = await engineWith(t, [{ name: 'replace', summary: 'a new file' }])
  const error = await rejectsWith('VALIDATION_FAILED', engine.restore(1, { mode: 'live' }))
  assert.deepEqual([error.message, error.hint], [
    '"mode" is "live", which sources of the kind "memory" do not support',
    'Omit "mode", or use one of these: replace (a new file).'
  ])
})
