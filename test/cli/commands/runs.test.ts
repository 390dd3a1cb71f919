import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commandLine } from '../../support/cli/command-line.ts'

test('runs shows what fell due and what came of it', async t => {
  const { holdfast, json, deps, clock } = await commandLine(t)
  const key = { kind: 'backup', source: 'shop', rule: 'daily' } as const
  await deps.catalog.runs.record({
    rules: [{ ...key, definition: '0 2 * * *', since: new Date(0) }],
    dropped: [],
    added: [{
      ...key,
      tier: 'daily',
      method: 'full',
      dueAt: clock.now(),
      status: 'skipped',
      nextAttemptAt: null,
      reason: 'the service was down',
      finishedAt: clock.now()
    }],
    changed: []
  })
  assert.match(
    (await holdfast('runs')).out,
    /^DUE \(UTC\) +AGE +KIND +SOURCE +RULE +STATUS +ATTEMPTS +REASON\n2025-11-24 23:30 +just now +backup +shop +daily +skipped +0 +the service was down\n$/
  )
  assert.deepEqual((await json('runs', '--status', 'skipped', '--kind', 'backup', '--source', 'shop')).runs.length, 1)
  assert.deepEqual(await json('runs', '--status', 'failed'), { runs: [] })
  assert.equal((await holdfast('runs', '--status', 'failed')).out, 'no runs\n')
})

test('a status or a kind that is none is wrong usage', async t => {
  const { holdfast } = await commandLine(t)
  for (const words of [['--status', 'lost'], ['--kind', 'restore']]) {
    assert.equal((await holdfast('runs', ...words)).code, 2, words.join(' '))
  }
})
