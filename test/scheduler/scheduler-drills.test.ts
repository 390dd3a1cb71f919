import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import type { SourceOverrides } from '../../src/core/schedule/policy.ts'
import type { Assertion } from '../../src/core/restore/drill.ts'
import { BackupError } from '../../src/core/errors.ts'
import type { Restore } from '../../src/core/restore/restore.ts'
import type { Run } from '../../src/core/schedule/run.ts'
import { alertFacts } from '../../src/engine/status/alert-facts.ts'
import { AlertWatch } from '../../src/monitoring/alerts.ts'
import { schedulerBench, type Bench } from '../support/scheduler/scheduler.ts'
import { NOTHING_AROUND } from '../support/engine/alert-facts.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const PRUNE = { pattern: '30 4 * * *', timeZone: 'UTC' }
const WEEKLY = '0 6 * * 0'
const DISK_FULL = new BackupError('DISK_FULL', 'no room')

/** The clock stands at 23:30 on Monday, 24 November 2025. Backups each night at three, and drills. */
function nightly (drillSchedule: string | null, more: SourceOverrides = {}) {
  const schedule = { rules: [{ name: 'daily', tier: 'daily', pattern: '0 3 * * *' }], timeZone: 'UTC' } as const
  return { inMemory: true, policies: { shop: { schedule, maxBackups: 14, drillSchedule, ...more } } }
}

/** Looks four times a day for so many days. */
async function live ({ clock, tick }: Bench, days: number, after: () => Promise<void> = async () => {}): Promise<void> {
  for (let look = 0; look < days * 4; look++) {
    clock.move(6 * HOUR)
    await tick()
    await after()
  }
}

async function drills ({ engine }: Bench): Promise<readonly Restore[]> {
  return (await engine.restores({ kind: 'drill', limit: 500 })).restores.toReversed()
}

async function drillRuns ({ runs }: Bench): Promise<readonly Run[]> {
  return (await runs()).filter(({ kind }) => kind === 'drill')
}

function told (runs: readonly Run[]): string[] {
  return runs.map(({ dueAt, status, attempts, backupId }) =>
    `${dueAt.toISOString().slice(5, 16)} ${status} ${attempts} ${backupId ?? '-'}`
  )
}

/** How old in days the backup of a drill was. */
function ageOf ({ startedAt, report }: Restore): number {
  return Math.floor((startedAt.getTime() - Date.parse(report!.backup.startedAt)) / DAY)
}

function watch ({ deps, engine, clock }: Bench): AlertWatch {
  const logger = { debug () {}, info () {}, warn () {}, error () {} }
  return new AlertWatch({
    facts: async () => ({
      ...await alertFacts(deps, await engine.sources(), PRUNE, NOTHING_AROUND),
      catalogDamage: undefined
    }),
    store: { name: 'local', space: async () => undefined },
    alerts: deps.catalog.alerts,
    limits: { maxAge: 0, sizeChange: 0, diskFree: 0, minBackups: 0 },
    events: deps.events,
    clock,
    logger
  })
}

async function openAlerts (bench: Bench): Promise<string[]> {
  return (await bench.deps.catalog.alerts.open()).map(({ rule }) => rule)
}

test('over a month drills run by themselves, and cover backups of every age', async t => {
  const bench = await schedulerBench(t, nightly('0 6 * * *'))
  const old = await bench.create({ type: 'manual', description: 'from before' })
  await bench.engine.edit(old.id, { pinned: true })
  await live(bench, 31)
  const made = await drills(bench)
  assert.equal(made.length, 31)
  assert.ok(made.every(({ status, actor }) => status === 'passed' && actor === null))
  assert.deepEqual(
    (await drillRuns(bench)).map(({ status, backupId }) => [status, backupId]),
    made.map(({ backupId }) => ['done', backupId])
  )
  const ages = made.map(ageOf)
  for (const [from, to] of [[0, 1], [1, 4], [4, 8], [8, 14], [14, 31]] as const) {
    assert.ok(ages.some(age => age >= from && age < to), `none from ${from} to ${to} days: ${ages.join(' ')}`)
  }
  assert.ok(made.some(({ backupId }) => backupId === old.id))
})

test('drills by the week take new and old backups in turn', async t => {
  const bench = await schedulerBench(t, nightly(WEEKLY, { maxBackups: 60 }))
  await live(bench, 56)
  const made = await drills(bench)
  assert.deepEqual(
    (await drillRuns(bench)).map(({ dueAt }) => dueAt.toISOString().slice(0, 16)),
    ['11-30', '12-07', '12-14', '12-21', '12-28', '01-04', '01-11', '01-18'].map(day =>
      `${day.startsWith('01') ? 2026 : 2025}-${day}T06:00`
    )
  )
  assert.deepEqual(made.map(ageOf), [0, 11, 0, 12, 0, 29, 0, 13])
})

test('damage in an old backup is found by a drill, raised as an alert, and over once the backup is put right and drilled', async t => {
  const bench = await schedulerBench(t, nightly('0 6 * * *'))
  const alerts = watch(bench)
  const { id, filePath } = await bench.create({ description: 'old by the time that it is damaged' })
  await bench.engine.edit(id, { pinned: true })
  await live(bench, 5)
  const whole = readFileSync(filePath)
  const damaged = Buffer.from(whole)
  damaged.writeUInt8(damaged.readUInt8(70_000) ^ 4, 70_000)
  writeFileSync(filePath, damaged)

  let days = 0
  while (!(await openAlerts(bench)).includes('drill_failed') && days++ < 30) await live(bench, 1, () => alerts.look())
  const found = (await drills(bench)).find(({ status }) => status === 'failed')
  assert.deepEqual([found?.backupId, found?.errorCode], [id, 'BACKUP_INVALID'])
  assert.deepEqual((await openAlerts(bench)).toSorted(), ['backup_damaged', 'drill_failed'])
  const run = (await drillRuns(bench)).find(({ backupId }) => backupId === id)
  assert.equal(run?.status, 'done', 'the drill was made')

  writeFileSync(filePath, whole)
  await (await bench.engine.drill({ id, actor: 'eve' })).result
  await alerts.look()
  assert.deepEqual(await openAlerts(bench), [])
})

test('the alert of a failed drill is over once its backup is removed', async t => {
  const bench = await schedulerBench(t, nightly(null))
  const alerts = watch(bench)
  const [bad] = [await bench.create(), await bench.create()]
  writeFileSync(bad.filePath, 'other bytes')
  await (await bench.engine.drill({ id: bad.id, actor: null })).result
  await alerts.look()
  assert.ok((await openAlerts(bench)).includes('drill_failed'))
  await (await bench.engine.remove(bad.id, { force: true })).result
  await alerts.look()
  assert.ok(!(await openAlerts(bench)).includes('drill_failed'))
})

test('missed drills are made up for once, and those before are skipped', async t => {
  const bench = await schedulerBench(t, nightly(WEEKLY))
  await bench.tick()
  await bench.create()
  bench.clock.move(23 * DAY)
  await bench.tick()
  assert.deepEqual(told(await drillRuns(bench)), [
    '11-30T06:00 skipped 0 -',
    '12-07T06:00 skipped 0 -',
    '12-14T06:00 done 1 1'
  ])
})

test('a drill that could not be made is tried again, and then made', async t => {
  const bench = await schedulerBench(t, nightly(WEEKLY))
  await bench.tick()
  await bench.create()
  bench.faults.fail('scratch.file', { error: DISK_FULL })
  bench.clock.move(6 * DAY)
  await bench.tick()
  const [waiting] = await drillRuns(bench)
  assert.deepEqual([waiting?.status, waiting?.errorCode, waiting?.reason], ['waiting', 'DISK_FULL', 'no room'])
  bench.clock.move(2 * 60_000)
  await bench.tick()
  assert.deepEqual(told(await drillRuns(bench)), ['11-30T06:00 done 2 2'], 'another backup has its turn')
  assert.deepEqual((await drills(bench)).map(({ status }) => status), ['inconclusive', 'passed'])
})

test('what a drill could not tell ends its run as failed', async t => {
  const bench = await schedulerBench(t, {
    ...nightly(WEEKLY),
    assertions: { shop: [{ name: 'unknown', sql: '?', min: 1 }] }
  })
  await bench.tick()
  await bench.create()
  bench.clock.move(6 * DAY)
  await bench.tick()
  const [run] = await drillRuns(bench)
  assert.deepEqual([run?.status, run?.errorCode, run?.backupId], ['failed', 'ASSERTION_INCONCLUSIVE', 1])
})

test('a source without a backup skips its drill, and says why', async t => {
  const bench = await schedulerBench(t, { policies: { shop: { interval: 300 * DAY, drillSchedule: WEEKLY } } })
  bench.faults.fail('source.probe', { error: new BackupError('SOURCE_UNREADABLE', 'no right to read it') })
  await bench.tick()
  bench.clock.move(6 * DAY)
  await bench.tick()
  const [run] = await drillRuns(bench)
  assert.deepEqual([run?.status, run?.reason], ['skipped', 'there is no backup of "shop" to drill'])
})

test('no drill is made where drills are off, or backups are not made by themselves', async t => {
  for (const options of [nightly(null), nightly(WEEKLY, { enabled: false })]) {
    const bench = await schedulerBench(t, options)
    await live(bench, 8)
    assert.deepEqual([await drillRuns(bench), (await bench.engine.source('shop')).provenSince], [[], null])
  }
})

test('a drill that nobody follows any longer is decided by its row', async t => {
  for (const [fault, status] of [[undefined, 'done'], ['inspector.inspect', 'waiting']] as const) {
    const bench = await schedulerBench(t, nightly(WEEKLY))
    await bench.tick()
    await bench.create()
    bench.clock.move(6 * DAY)
    if (fault !== undefined) bench.faults.fail(fault, { error: new BackupError('SOURCE_FAILED', 'the child died') })
    const written = bench.faults.pause('restores.conclude')
    const ticked = bench.scheduler.tick()
    await written.reached
    await ticked
    const later = bench.restart()
    await later.tick()
    assert.deepEqual((await drillRuns(bench)).map(run => run.status), ['running'], 'it is still running')
    written.go()
    await bench.scheduler.settled()
    await later.tick()
    assert.deepEqual((await drillRuns(bench)).map(run => run.status), [status])
  }
})

test('drills are overdue once two were due and none told anything, until one does', async t => {
  const assertions: Assertion[] = [{ name: 'unknown', sql: '?', min: 1 }]
  const bench = await schedulerBench(t, { ...nightly(WEEKLY), assertions: { shop: assertions } })
  const alerts = watch(bench)
  const overdue = async (): Promise<boolean> => {
    await alerts.look()
    return (await openAlerts(bench)).includes('drill_overdue')
  }
  await live(bench, 6)
  assert.deepEqual([(await drills(bench)).length, await overdue()], [1, false])
  await live(bench, 7)
  assert.deepEqual([(await drills(bench)).length, await overdue()], [2, true])
  assertions.length = 0
  await live(bench, 7)
  assert.deepEqual([(await drills(bench)).at(-1)?.status, await overdue()], ['passed', false])
})
