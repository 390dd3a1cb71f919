import assert from 'node:assert/strict'
import type { Backup } from '../../src/core/backup/backup.ts'
import { CalendarWalk } from '../support/scheduler/calendar-walk.ts'
import { Dice } from '../support/seeded-random.ts'
import type { TestEngine } from '../support/engine/engine.ts'
import { naiveKept } from '../support/core/naive-retention.ts'
import {
  BEGIN,
  liveOf,
  liveTwoYears,
  PRUNE,
  randomPolicies,
  type Planned,
  type TwoYears
} from '../support/scheduler/two-years.ts'

const MINUTE = 60_000

/** The same two years again: HOLDFAST_SEED=… */
const SEED = Number(process.env['HOLDFAST_SEED'] ?? 4)

/** Every time at which a rule was due, by a walk over each minute of the two years. */
function dueTimes (pattern: string, timeZone: string, windows: TwoYears['windows']): string[] {
  const walk = new CalendarWalk(timeZone)
  return windows.flatMap(({ from, to }) => {
    const first = Math.floor(from / MINUTE) * MINUTE + MINUTE
    return walk.times(pattern, first, Math.floor(to / MINUTE) * MINUTE + MINUTE)
  }).map(time => new Date(time).toISOString())
}

/** What stood before a prune, by source. */
type Standing = ReadonlyMap<string, { readonly live: readonly Backup[], readonly freshSince: Date | null }>

async function standing ({ engine }: TestEngine): Promise<Standing> {
  const all = new Map<string, { live: readonly Backup[], freshSince: Date | null }>()
  for (const { name, freshSince } of await engine.sources()) {
    all.set(name, { live: await liveOf(engine, name), freshSince })
  }
  return all
}

function isGood ({ verification }: Backup): boolean {
  return verification.status !== 'invalid'
}

/**
 * Holds a prune of one source against what must hold whatever the rules are, and against the naive reference. Tells how
 * many backups went.
 */
function checkPruned (
  { source, timeZone, policy }: Planned,
  before: Standing,
  after: Standing,
  now: Date,
  force: boolean
): number {
  const [{ live, freshSince }, left] = [before.get(source)!, after.get(source)!.live]
  const kept = new Set(left.map(({ id }) => id))
  const gone = live.filter(({ id }) => !kept.has(id))
  const stays = (backup: Backup | undefined): boolean => backup === undefined || kept.has(backup.id)
  const isMass = (going: number): boolean => going >= 5 && going * 2 > live.length
  assert.ok(stays(live[0]), 'the newest backup stays')
  assert.ok(stays(live.find(({ verification }) => verification.status === 'valid')), 'the newest verified backup stays')
  assert.ok(
    left.filter(isGood).length >= Math.min(policy.retention!.minBackups, live.filter(isGood).length),
    'no fewer good ones than the floor'
  )
  assert.ok(force || !isMass(gone.length), 'no mass deletion without force')
  assert.deepEqual(
    gone.filter(({ pinned, type }) => pinned || type !== 'scheduled'),
    [],
    'what is pinned or was made by hand stays'
  )
  const newestGood = live.find(isGood)
  if (freshSince !== null && (newestGood === undefined || newestGood.startedAt < freshSince)) {
    assert.deepEqual(gone, [], 'nothing goes while the newest good backup is too old')
  }

  const naive = naiveKept(
    live,
    { maxBackups: null, rules: policy.retention!, timeZone, freshSince, suspect: null },
    now
  )
  const isRefused = !force && isMass(live.length - naive.size)
  assert.deepEqual(
    [...kept].toSorted((one, other) => one - other),
    live.map(({ id }) => id).filter(id => isRefused || naive.has(id)).toReversed(),
    `${source} at ${now.toISOString()}`
  )
  return gone.length
}

/**
 * Lives through the two years and holds them against what must hold, for a test that runs this in a process of its own:
 * the runner of tests follows every promise, and here there are millions of them.
 */
const endings: Array<() => unknown> = []
const life = {
  after (ending: () => unknown) {
    endings.push(ending)
  }
}
try {
  console.log(`seed ${SEED}`)
  const planned = randomPolicies(new Dice(SEED))
  let [before, removed, prunes]: [Standing, number, number] = [new Map(), 0, 0]
  const years = await liveTwoYears(life, new Dice(SEED), {
    beforePrune: async engine => {
      before = await standing(engine)
    },
    afterPrune: async (engine, force) => {
      const after = await standing(engine)
      prunes++
      for (const one of planned) removed += checkPruned(one, before, after, engine.clock.now(), force)
    }
  })
  const runs = years.ended()
  const rowsOf = (source: string | null, rule: string): string[] =>
    runs.filter(run => run.source === source && run.rule === rule).map(({ dueAt }) => dueAt.toISOString()).toSorted()

  let count = 0
  for (const { source, timeZone, policy } of years.planned) {
    for (const { name, pattern } of policy.schedule!.rules) {
      const due = dueTimes(pattern, timeZone, years.windows)
      count += due.length
      assert.deepEqual(rowsOf(source, name), due, `${source} ${name} ${pattern}`)
    }
  }
  assert.deepEqual(
    rowsOf(null, 'prune'),
    dueTimes(PRUNE.pattern, PRUNE.timeZone, [{ from: BEGIN, to: years.clock.now().getTime() }])
  )

  assert.deepEqual((await years.deps.catalog.runs.book()).open, [])
  assert.ok(prunes > 250 && removed > 300, `${prunes} prunes removed ${removed} backups`)
  const done = runs.flatMap(({ kind, status, backupId }) => kind === 'backup' && status === 'done' ? [backupId!] : [])
  assert.deepEqual(
    done.toSorted((a, b) => a - b),
    years.completed(),
    'each backup made on schedule is that of one run, and the other way round'
  )
  for (const { status, reason } of runs) assert.ok(status === 'done' || reason !== null, 'what was not done says why')
  const ends = Object.entries(Object.groupBy(runs, ({ status }) => status)).map(([status, { length }]) =>
    `${length} ${status}`
  )
  console.log(
    `${count} times due by ${
      years.planned.map(({ policy }) => policy.schedule!.rules.length).join('+')
    } rules, and prunes and intervals: ${ends.join(', ')}`
  )
  console.log(`${prunes} prunes removed ${removed} backups`)
} finally {
  for (const ending of endings.toReversed()) await ending()
}
