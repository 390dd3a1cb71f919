import type { TestContext } from 'node:test'
import Database from 'better-sqlite3'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { BackupError } from '../../../src/core/errors.ts'
import type { Probe, SnapshotRequest } from '../../../src/core/ports/source.ts'
import type { RetentionRules } from '../../../src/core/retention/rules.ts'
import type { SourceOverrides } from '../../../src/core/schedule/policy.ts'
import type { Run, RunLog } from '../../../src/core/schedule/run.ts'
import type { CalendarRule } from '../../../src/core/schedule/schedule.ts'
import type { Tier } from '../../../src/core/tier.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import { reconcile } from '../../../src/engine/recovery/reconcile.ts'
import { Scheduler } from '../../../src/scheduler/scheduler.ts'
import { INVALID } from '../catalog/catalog.ts'
import type { Dice } from '../seeded-random.ts'
import { testEngine, type TestEngine } from '../engine/engine.ts'
import { MemorySource } from '../sources/memory-source.ts'
import { until } from '../streams.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
export const BEGIN = Date.parse('2024-12-31T23:30:00.000Z')
export const END = Date.parse('2026-12-31T23:30:00.000Z')
export const PRUNE = { pattern: '31 5 * * 1,3,5', timeZone: 'UTC' }

const FAILURES = [
  new BackupError('SOURCE_LOCKED', 'locked'),
  new BackupError('SOURCE_MISSING', 'the disk is not mounted'),
  new BackupError('SOURCE_UNREADABLE', 'no right to read it')
]
const BUSY = new BackupError('CATALOG_BUSY', 'another process holds it')
const QUIET = { debug () {}, info () {}, warn () {}, error () {} }

/** A few bytes that sometimes cannot be read. */
class FlakySource extends MemorySource {
  override bytes = Buffer.from('a ledger of a few bytes')
  failure: BackupError | undefined

  override async probe (request: SnapshotRequest, signal: AbortSignal): Promise<Probe> {
    if (this.failure !== undefined) throw this.failure
    return await super.probe(request, signal)
  }
}

export interface Planned {
  readonly source: string
  readonly timeZone: string
  readonly policy: SourceOverrides
}

/**
 * Schedules whose times lie where the clocks are changed, on Sundays in these zones, and retention rules, as chance
 * will have them.
 */
export function randomPolicies (dice: Dice): readonly Planned[] {
  const often = dice.pick(['wien', 'york', 'howe'])
  return ([['wien', 'Europe/Vienna', 2], ['york', 'America/New_York', dice.between(1, 2)], [
    'howe',
    'Australia/Lord_Howe',
    dice.between(1, 2)
  ]] as const).map(([source, timeZone, hour]) => {
    const daily = (): string => `${dice.between(0, 59)} ${hour}`
    const rule = (name: Tier, pattern: string): CalendarRule => ({ name, tier: name, pattern })
    const same = daily()
    const rules = [
      rule('daily', `${same} * * ${source === often ? '*' : '0,2,4'}`),
      ...source === often
        ? [rule('hourly', `${dice.between(0, 59)} ${dice.pick(['*/12', '1,2,14', '2-3', '1-3'])} * * 0`)]
        : [],
      ...dice.chance(0.7) ? [rule('weekly', `${dice.chance(0.5) ? same : daily()} * * 0`)] : [],
      ...dice.chance(0.7) ? [rule('monthly', `${dice.chance(0.5) ? same : daily()} 1 * *`)] : [],
      ...dice.chance(0.5) ? [rule('yearly', `${same} 1 1 *`)] : []
    ]
    return { source, timeZone, policy: { schedule: { rules, timeZone }, retention: randomRules(dice) } }
  })
}

function randomRules (dice: Dice): RetentionRules {
  const days = (most: number) => ({ years: 0, months: 0, days: dice.between(3, most), hours: 0 })
  return {
    daily: dice.chance(0.5) ? dice.between(3, 20) : days(60),
    ...dice.chance(0.5) ? { last: dice.between(1, 10) } : {},
    ...dice.chance(0.6) ? { weekly: dice.chance(0.5) ? dice.between(1, 8) : days(200) } : {},
    ...dice.chance(0.6) ? { monthly: dice.between(1, 14) } : {},
    ...dice.chance(0.5) ? { yearly: dice.chance(0.5) ? 3 : { years: 7, months: 0, days: 0, hours: 0 } } : {},
    ...dice.chance(0.3) ? { within: days(20) } : {},
    minBackups: dice.between(1, 5)
  }
}

/** A stretch of time in which backups were made by themselves: after `from`, up to `to`. */
export interface Window {
  readonly from: number
  to: number
}

export interface TwoYears extends TestEngine {
  readonly planned: readonly Planned[]
  readonly windows: readonly Window[]
  /** Every run that ended, as it was told; the log forgets the old ones. */
  ended(): readonly Run[]
  /** Ids of all backups made on schedule that completed, also of those that are gone. */
  completed(): number[]
}

export interface Watch {
  /** Around each prune: nothing else runs between the two. */
  beforePrune(engine: TestEngine): Promise<unknown>
  afterPrune(engine: TestEngine, force: boolean): Promise<unknown>
}

/** Lives through two years: outages, failures, people who work by hand. Nothing sleeps; the clock is moved. */
export async function liveTwoYears (t: Pick<TestContext, 'after'>, dice: Dice, watch: Watch): Promise<TwoYears> {
  const planned = randomPolicies(dice)
  const sources = [...planned.map(({ source }) => new FlakySource(source)), new FlakySource('tick')]
  const policies = {
    ...Object.fromEntries(planned.map(({ source, policy }) => [source, policy])),
    tick: { interval: 50 * HOUR, maxBackups: 7 }
  }
  const bench = await testEngine(t, { sources, policies, maxConcurrent: 1, inMemory: true })
  const { clock, deps } = bench
  clock.move(BEGIN - clock.now().getTime())

  const engine = watched(bench, watch)
  const { catalog, calendar, events } = deps
  const start = (): Scheduler => {
    const runs = forgetful(catalog.runs, dice)
    const version = (): string => catalog.version()
    const scheduler = new Scheduler({
      engine,
      runs,
      version,
      calendar,
      housekeep: () => housekeep(deps),
      events,
      clock,
      logger: QUIET,
      prune: PRUNE,
      jitterMs: 0
    })
    bench.bus.subscribe(scheduler.listener)
    return scheduler
  }
  let scheduler = start()
  const look = async (): Promise<void> => {
    await scheduler.look()
    await scheduler.settled()
  }
  const windows: Window[] = [{ from: BEGIN, to: END }]
  await look()
  while (clock.now().getTime() < END) {
    clock.move(Math.min(END, await nextMoment(bench)) - clock.now().getTime() + dice.between(0, 999))
    for (const source of sources) source.failure = dice.chance(0.07) ? dice.pick(FAILURES) : undefined
    await look()
    if (dice.chance(0.01)) {
      clock.move(dice.pick([HOUR, DAY, 7 * DAY, 20 * DAY]) * dice.throw())
      await reconcile(deps)
      scheduler = start()
      await look()
    }
    if (dice.chance(0.004)) await pause(bench, dice, windows, look)
    if (dice.chance(0.05)) await workByHand({ ...bench, engine }, dice, sources)
    if (dice.chance(0.1)) await housekeep(deps)
  }
  // Nothing fails any more, so that what is to be tried again comes to its end.
  for (const source of sources) source.failure = undefined
  for (let i = 0; i < 3; i++) {
    clock.move(2 * HOUR)
    await look()
  }
  windows.at(-1)!.to = clock.now().getTime()
  return {
    ...bench,
    planned,
    windows,
    ended: () => bench.events.flatMap(event => event.type === 'run.ended' ? [event.run] : []),
    completed: () => completedIn(bench.catalogPath)
  }
}

/** When there will be something to do: the next time of a rule, or of another attempt. */
async function nextMoment ({ deps, engine, clock }: TestEngine): Promise<number> {
  const { open } = await deps.catalog.runs.book()
  const times = [
    deps.calendar.next(PRUNE.pattern, PRUNE.timeZone, clock.now()),
    ...(await engine.sources()).map(({ nextRun }) => nextRun),
    ...open.map(({ nextAttemptAt }) => nextAttemptAt ?? new Date(clock.now().getTime() + 1000))
  ]
  const soonest = Math.min(...times.flatMap(time => time?.getTime() ?? []))
  return Math.max(soonest, clock.now().getTime() + 1000)
}

/** Sometimes the end of a run cannot be written down. */
function forgetful (runs: RunLog, dice: Dice): RunLog {
  return {
    book: () => runs.book(),
    rules: () => runs.rules(),
    record: changes => runs.record(changes),
    change: async (id, change) => {
      if (change.status !== 'running' && dice.chance(0.02)) throw BUSY
      return await runs.change(id, change)
    },
    list: query => runs.list(query),
    forgetAfter: after => runs.forgetAfter(after),
    purge: before => runs.purge(before)
  }
}

/** The engine whose prunes run alone, between two looks of `watch`. */
function watched (bench: TestEngine, watch: Watch): Engine {
  const { engine } = bench
  return {
    ...engine,
    async prune (request) {
      await until(async () => (await engine.jobs({ limit: 10 })).jobs.every(({ finishedAt }) => finishedAt !== null))
      await watch.beforePrune(bench)
      const work = await engine.prune(request)
      await Promise.allSettled([work.result])
      await watch.afterPrune(bench, request.force ?? false)
      return work
    }
  }
}

/** Backups by themselves are switched off for some days. */
async function pause (
  { engine, clock }: TestEngine,
  dice: Dice,
  windows: Window[],
  look: () => Promise<void>
): Promise<void> {
  await look()
  windows.at(-1)!.to = clock.now().getTime()
  await engine.changeSettings({ autoBackupEnabled: false })
  await look()
  clock.move(dice.between(1, 10) * DAY + dice.between(0, HOUR))
  await engine.changeSettings({ autoBackupEnabled: true })
  await look()
  windows.push({ from: clock.now().getTime(), to: END })
}

async function workByHand (
  { engine, deps, clock }: TestEngine,
  dice: Dice,
  sources: readonly FlakySource[]
): Promise<void> {
  const source = dice.pick(sources)
  source.failure = undefined
  const live = await liveOf(engine, source.name)
  const any = live.length === 0 ? undefined : dice.pick(live)
  const deed = dice.pick(['create', 'create', 'pin', 'unpin', 'damage', 'remove', 'force', 'verify', 'trust'] as const)
  if (deed === 'create') {
    await (await engine.create({ source: source.name, type: dice.pick(['manual', 'pre-migration']) })).result
  } else if (deed === 'force') await engine.prune({ dryRun: false, force: true })
  else if (deed === 'verify' || deed === 'trust') await engine.changeSettings({ verifyAfterBackup: deed === 'verify' })
  if (any === undefined) return
  if (deed === 'pin') await engine.edit(any.id, { pinned: dice.chance(0.3) })
  else if (deed === 'unpin') {
    for (const { id, pinned } of live) if (pinned) await engine.edit(id, { pinned: false })
  } else if (deed === 'damage') await deps.catalog.backups.recordVerification(any.id, INVALID, clock.now())
  else if (deed === 'remove') {
    await (await engine.remove(any.id, { force: false })).result.catch((error: unknown) => {
      if (!(error instanceof BackupError)) throw error
    })
  }
}

/** Every live backup of the source, newest first. */
export async function liveOf (engine: Engine, source: string): Promise<readonly Backup[]> {
  const live: Backup[] = []
  let before: number | undefined
  do {
    const page = await engine.backups({ source, status: 'completed', limit: 500, before })
    live.push(...page.backups)
    before = page.next ?? undefined
  } while (before !== undefined)
  return live
}

function completedIn (path: string): number[] {
  const database = new Database(path, { readonly: true })
  try {
    return database.prepare<[], number>(
      "SELECT id FROM backup_log WHERE backup_type = 'scheduled' AND status = 'completed' ORDER BY id"
    ).pluck().all()
  } finally {
    database.close()
  }
}
