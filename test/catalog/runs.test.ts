import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed, newCatalog } from '../support/catalog/catalog.ts'
import { rejectsWith } from '../support/rejects.ts'
import { aRule, aRun, changes, DUE, newRun } from '../support/builders/run.ts'

const HOUR = 3_600_000

function later (hours: number): Date {
  return new Date(DUE.getTime() + hours * HOUR)
}

test('a time of a rule has one run, however often it is written down', async t => {
  const { catalog: { runs } } = await newCatalog(t)
  await runs.record(
    changes({
      added: [newRun(), newRun({ rule: 'weekly' }), newRun({ source: 'bank' }), newRun({ kind: 'prune', source: null })]
    })
  )
  await runs.record(
    changes({ added: [newRun(), newRun({ kind: 'prune', source: null }), newRun({ dueAt: later(24) })] })
  )
  assert.deepEqual(
    (await runs.list({ limit: 10 })).runs.toReversed().map(
      ({ kind, source, rule, dueAt }) => [kind, source, rule, dueAt.getTime() - DUE.getTime()]
    ),
    [
      ['backup', 'shop', 'daily', 0],
      ['backup', 'shop', 'weekly', 0],
      ['backup', 'bank', 'daily', 0],
      ['prune', null, 'daily', 0],
      ['backup', 'shop', 'daily', 24 * HOUR]
    ]
  )
})

test('a change keeps what it does not name, and a run that has ended is not changed again', async t => {
  const { catalog } = await newCatalog(t)
  const { runs } = catalog
  const backup = await completed(catalog)
  await runs.record(changes({ added: [newRun({ nextAttemptAt: later(1) })] }))
  const started = { status: 'running', attempts: 1, startedAt: later(1), nextAttemptAt: null } as const
  assert.deepEqual(await runs.change(1, started), aRun(started))
  const done = { status: 'done', backupId: backup.id, finishedAt: later(2) } as const
  await runs.change(1, done)
  assert.deepEqual((await runs.list({ limit: 1 })).runs, [aRun({ ...started, ...done })])
  await rejectsWith('CATALOG_FAILED', runs.change(1, { status: 'waiting' }))
  await rejectsWith('CATALOG_FAILED', runs.change(2, { status: 'waiting' }))
})

test('changes are recorded together or not at all, and those that ended are told', async t => {
  const { catalog: { runs } } = await newCatalog(t)
  const ended = { status: 'skipped', reason: 'for a reason', finishedAt: DUE } as const
  assert.deepEqual(
    await runs.record(changes({ rules: [aRule()], added: [newRun(), newRun({ dueAt: later(24), ...ended })] })),
    [aRun({ id: 2, dueAt: later(24), ...ended })]
  )
  await rejectsWith(
    'CATALOG_FAILED',
    runs.record(
      changes({ dropped: [aRule()], added: [newRun({ dueAt: later(48) })], changed: [{ id: 9, status: 'waiting' }] })
    )
  )
  assert.deepEqual([(await runs.rules()).length, (await runs.list({ limit: 10 })).runs.length], [1, 2])
  assert.deepEqual((await runs.record(changes({ changed: [{ id: 1, ...ended }] }))).map(({ id }) => id), [1])
})

test('the book has the rules in force, the run of each that was added last, and what is open', async t => {
  const { catalog: { runs } } = await newCatalog(t)
  const ended = { status: 'skipped', finishedAt: DUE } as const
  await runs.record(
    changes({
      rules: [aRule(), aRule({ kind: 'prune', source: null, rule: 'prune' })],
      added: [newRun({ dueAt: later(48), ...ended }), newRun({ dueAt: later(24) }), newRun({ rule: 'gone' })]
    })
  )
  const { rules, newest, open } = await runs.book()
  assert.deepEqual(rules, [aRule(), aRule({ kind: 'prune', source: null, rule: 'prune' })])
  assert.deepEqual([newest, open].map(list => list.map(({ id }) => id)), [[2], [2, 3]])
  await runs.record(
    changes({ rules: [aRule({ definition: 'another' })], dropped: [{ kind: 'prune', source: null, rule: 'prune' }] })
  )
  assert.deepEqual(await runs.rules(), [aRule({ definition: 'another' })])
})

test('runs are listed newest first, by source, status and kind, a page at a time', async t => {
  const { catalog: { runs } } = await newCatalog(t)
  const ended = { status: 'skipped', finishedAt: DUE } as const
  await runs.record(
    changes({
      added: [
        newRun(),
        newRun({ source: 'bank' }),
        newRun({ kind: 'prune', source: null, ...ended }),
        newRun({ rule: 'weekly', ...ended })
      ]
    })
  )
  const ids = async (query: object): Promise<number[]> =>
    (await runs.list({ limit: 10, ...query })).runs.map(({ id }) => id)
  assert.deepEqual(await ids({}), [4, 3, 2, 1])
  assert.deepEqual(await ids({ source: 'shop' }), [4, 1])
  assert.deepEqual(await ids({ status: 'skipped' }), [4, 3])
  assert.deepEqual(await ids({ kind: 'prune' }), [3])
  assert.deepEqual(await ids({ kind: 'prune', source: 'shop' }), [])
  assert.deepEqual(await ids({ kind: 'backup', status: 'skipped' }), [4])
  assert.deepEqual(await ids({ source: 'shop', status: 'waiting' }), [1])
  const page = await runs.list({ limit: 2 })
  assert.deepEqual([page.runs.map(({ id }) => id), page.next], [[4, 3], 3])
  assert.deepEqual([await ids({ before: 3 }), (await runs.list({ limit: 2, before: 3 })).next], [[2, 1], null])
})

test('runs of times that have not come are forgotten, but for one under way', async t => {
  const { catalog: { runs } } = await newCatalog(t)
  await runs.record(changes({ added: [newRun(), newRun({ dueAt: later(1) }), newRun({ dueAt: later(2) })] }))
  await runs.change(3, { status: 'running' })
  assert.equal(await runs.forgetAfter(DUE), 1)
  assert.deepEqual((await runs.list({ limit: 10 })).runs.map(({ id }) => id), [3, 1])
})

test('old runs are forgotten, but never the last of a rule and none that is open', async t => {
  const { catalog: { runs } } = await newCatalog(t)
  const ended = { status: 'skipped', finishedAt: DUE } as const
  await runs.record(
    changes({
      added: [
        newRun(ended),
        newRun({ dueAt: later(1), ...ended }),
        newRun({ rule: 'weekly' }),
        newRun({ rule: 'weekly', dueAt: later(1), ...ended }),
        newRun({ rule: 'weekly', dueAt: later(2), status: 'skipped', finishedAt: later(2) })
      ]
    })
  )
  assert.equal(await runs.purge(later(1)), 2)
  assert.deepEqual((await runs.list({ limit: 10 })).runs.map(({ id }) => id), [5, 3, 2])
})
