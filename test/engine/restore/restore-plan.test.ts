import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import type { LoadedKind } from '../../../src/core/ports/source-kind.ts'
import type { EngineDeps } from '../../../src/engine/deps.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import { makeEngine } from '../../../src/engine/make-engine.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'

/** An engine with one backup, whose kind puts backups back in these ways. */
async function engineWith (
  t: TestContext,
  modes: LoadedKind['modes']
): Promise<Engine> {
  const { deps, create } = await testEngine(t)
  await create()
  return makeEngine({ ...deps, kinds: withModes(deps, modes) })
}

function withModes ({ kinds }: Pick<EngineDeps, 'kinds'>, modes: LoadedKind['modes']): EngineDeps['kinds'] {
  return new Map([...kinds].map(([name, kind]) => [name, { ...kind, modes }]))
}

test('a source is restored by the first mode of its kind', async t => {
  for (const name of ['live', 'replace', 'directory']) {
    const engine = await engineWith(t, [{ name, summary: 'in some way', needsSource: true }])
    assert.equal((await (await engine.restore(1, {})).result).mode, name)
  }
})

test('a mode that the kind does not have is refused, and those that it has are named', async t => {
  const engine = await engineWith(t, [{ name: 'replace', summary: 'a new file', needsSource: false }])
  const error = await rejectsWith('VALIDATION_FAILED', engine.restore(1, { mode: 'live' }))
  assert.deepEqual([error.message, error.hint], [
    '"mode" is "live", which sources of the kind "memory" do not support',
    'Omit "mode", or use one of these: replace (a new file).'
  ])
})

test('where the source is missing a mode that does not need it is used, unless another was asked for', async t => {
  const { deps, create, faults } = await testEngine(t)
  await create()
  const gone = new BackupError('SOURCE_MISSING', 'it is gone')
  const engine = makeEngine({
    ...deps,
    kinds: withModes(deps, [
      { name: 'live', summary: 'into it', needsSource: true },
      { name: 'database', summary: 'over it', needsSource: true },
      { name: 'replace', summary: 'a new one', needsSource: false }
    ])
  })
  faults.fail('restorer.check', { error: gone })
  await rejectsWith('SOURCE_MISSING', engine.restore(1, { mode: 'live' }).then(({ result }) => result))
  faults.fail('restorer.check', { error: gone })
  assert.equal((await (await engine.restore(1, {})).result).mode, 'replace')
})

test('a source too damaged for a safety backup is restored by a mode that does not need it alone', async t => {
  const { deps, create, faults } = await testEngine(t)
  await create()
  const engine = makeEngine({
    ...deps,
    kinds: withModes(deps, [
      { name: 'live', summary: 'into it', needsSource: true },
      { name: 'replace', summary: 'a new one', needsSource: false }
    ])
  })
  const damaged = new BackupError('SOURCE_MALFORMED', 'it is damaged')
  faults.fail('source.snapshot', { error: damaged })
  await rejectsWith('SOURCE_MALFORMED', engine.restore(1, { mode: 'live' }).then(({ result }) => result))
  faults.fail('source.snapshot', { error: damaged })
  assert.equal((await (await engine.restore(1, { mode: 'replace' })).result).safetyBackupId, null)
})
