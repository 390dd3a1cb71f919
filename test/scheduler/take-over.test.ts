import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import { takeOver } from '../../src/scheduler/take-over.ts'
import { testEngine } from '../support/engine/engine.ts'
import { testOffsite } from '../support/stores/offsite.ts'
import { never, until } from '../support/streams.ts'

const quiet = (lines: string[]) => {
  const note = (facts: object, text?: string): void => {
    lines.push(`${text ?? ''} ${JSON.stringify(facts)}`)
  }
  return { error: note, warn: note, info: note } as never
}

test('a service that knows nothing takes over what a store holds as soon as that answers, and tells it loudly', async t => {
  const stores = await testOffsite(t, { far: {} })
  const before = await testEngine(t, { offsite: stores.offsite })
  await before.create({ upload: true })
  const { engine, clock } = await testEngine(t, { offsite: stores.offsite })
  const lines: string[] = []
  for (let n = 0; n < 2; n++) {
    stores.faults.fail('far.get', { error: new BackupError('STORE_UNAVAILABLE', 'the line is dead') })
  }
  const taken = takeOver({ engine, clock, logger: quiet(lines) }, never)
  await until(() => clock.sleeping > 0)
  assert.deepEqual([(await engine.backups({ limit: 10 })).count, lines.length], [0, 1])
  assert.match(lines[0] ?? '', /^not every store can be read.*the line is dead.*"far"/)
  clock.move(15_000)
  await until(() => clock.sleeping > 0)
  clock.move(60_000)
  await taken
  assert.deepEqual((await engine.backups({ limit: 10 })).backups.map(({ id }) => id), [1])
  assert.match(lines[1] ?? '', /^THE CATALOG WAS EMPTY, BUT A STORE HAS BACKUPS.*"added":1/)
  assert.equal(lines.length, 2)
})

test('it ends with the service, also while it waits', async t => {
  const stores = await testOffsite(t, { far: {} })
  const before = await testEngine(t, { offsite: stores.offsite })
  await before.create({ upload: true })
  const { engine, clock } = await testEngine(t, { offsite: stores.offsite })
  stores.faults.fail('far.get', { error: new BackupError('STORE_UNAVAILABLE', 'the line is dead') })
  const end = new AbortController()
  const taken = takeOver({ engine, clock, logger: quiet([]) }, end.signal)
  await until(() => clock.sleeping > 0)
  end.abort()
  await taken
  assert.equal((await engine.backups({ limit: 10 })).count, 0)
})
