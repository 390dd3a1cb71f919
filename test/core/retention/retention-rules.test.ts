import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Backup } from '../../../src/core/backup/backup.ts'
import type { Duration } from '../../../src/core/duration.ts'
import {
  applyRetention,
  isMassRemoval,
  type Retained,
  type RetentionPolicy
} from '../../../src/core/retention/retention.ts'
import type { RetentionRules } from '../../../src/core/retention/rules.ts'
import { DAMAGED, NOW, VERIFIED, backupOf } from '../../support/builders/backup.ts'
import { linkOf } from '../../support/builders/recovery.ts'
import { naiveKept } from '../../support/core/naive-retention.ts'

const DAY = 86_400_000
const HOUR = 3_600_000

function span (given: Partial<Duration>): Duration {
  return { years: 0, months: 0, days: 0, hours: 0, ...given }
}

function policy (rules: Partial<RetentionRules> | null, given: Partial<RetentionPolicy> = {}): RetentionPolicy {
  return {
    maxBackups: null,
    rules: rules === null ? null : { minBackups: 0, ...rules },
    timeZone: 'UTC',
    freshSince: null,
    suspect: null,
    ...given
  }
}

function at (text: string, given: Partial<Backup> = {}): Backup {
  const startedAt = new Date(text)
  return backupOf(startedAt.getTime() / 60_000, { startedAt, ...VERIFIED, ...given })
}

/** One backup a day for so many days, the newest an hour before now. */
function daily (days: number): Backup[] {
  return Array.from(
    { length: days },
    (_, n) => backupOf(days - n, { startedAt: new Date(NOW.getTime() - HOUR - n * DAY), ...VERIFIED })
  )
}

function keptOf (decisions: readonly Retained[]): string[] {
  return decisions.filter(({ keep }) => keep).map(({ backup }) => backup.startedAt.toISOString().slice(0, 16))
}

function reasonsOf (decisions: readonly Retained[], backup: Backup): readonly string[] | undefined {
  return decisions.find(one => one.backup.id === backup.id)?.reasons
}

test('the Workstation runbook keeps the 10 last', () => {
  assert.equal(keptOf(applyRetention(daily(30), policy(null, { maxBackups: 10 }), NOW)).length, 10)
})

test('the Signal Harvester guide keeps 7 days, 4 weeks, 12 months', () => {
  const decisions = applyRetention(daily(800), policy({ daily: 7, weekly: 4, monthly: 12 }), NOW)
  assert.deepEqual(keptOf(decisions).map(text => text.slice(0, 10)), [
    '2025-11-24',
    '2025-11-23',
    '2025-11-22',
    '2025-11-21',
    '2025-11-20',
    '2025-11-19',
    '2025-11-18',
    '2025-11-16',
    '2025-11-09',
    '2025-10-31',
    '2025-09-30',
    '2025-08-31',
    '2025-07-31',
    '2025-06-30',
    '2025-05-31',
    '2025-04-30',
    '2025-03-31',
    '2025-02-28',
    '2025-01-31',
    '2024-12-31'
  ])
})

test('three of the runbooks keep 30 days', () => {
  const decisions = applyRetention(daily(60), policy({ within: span({ days: 30 }) }), NOW)
  assert.equal(keptOf(decisions).length, 30)
  assert.deepEqual(decisions.at(-1)?.reasons, ['no rule keeps it'])
})

test('the bookkeeping runbook keeps days for 30 days, weeks for 90, months for a year, years for seven', () => {
  const rules = {
    daily: span({ days: 30 }),
    weekly: span({ days: 90 }),
    monthly: span({ years: 1 }),
    yearly: span({ years: 7 })
  }
  const kept = keptOf(applyRetention(daily(3000), policy(rules), NOW)).map(text => text.slice(0, 10))
  assert.equal(kept.filter(text => text > '2025-10-25').length, 30)
  assert.deepEqual(kept.filter(text => text <= '2025-10-25'), [
    '2025-10-19',
    '2025-10-12',
    '2025-10-05',
    '2025-09-30',
    '2025-09-28',
    '2025-09-21',
    '2025-09-14',
    '2025-09-07',
    '2025-08-31',
    '2025-07-31',
    '2025-06-30',
    '2025-05-31',
    '2025-04-30',
    '2025-03-31',
    '2025-02-28',
    '2025-01-31',
    '2024-12-31',
    '2024-11-30',
    '2023-12-31',
    '2022-12-31',
    '2021-12-31',
    '2020-12-31',
    '2019-12-31',
    '2018-12-31'
  ])
})

test('each reason says which rule keeps a backup, and why another goes', () => {
  const [a, b, c] = [
    at('2025-11-24T12:00:00Z'),
    at('2025-11-24T06:00:00Z'),
    at('2025-11-23T06:00:00Z', { type: 'manual' })
  ]
  const decisions = applyRetention([a, b, c], policy({ last: 1, daily: 7 }), NOW)
  assert.deepEqual(reasonsOf(decisions, a), [
    'number 1 of the last 1',
    'daily: newest of 2025-11-24, number 1 of 7',
    'newest backup',
    'newest verified backup'
  ])
  assert.deepEqual(reasonsOf(decisions, b), ['no rule keeps it'])
  assert.deepEqual(reasonsOf(decisions, c), ['manual: outside the rules'])
})

test('a number of days counts those that have a backup, so that an outage costs none', () => {
  const decisions = applyRetention(
    ['2025-11-24', '2025-11-20', '2025-10-01', '2025-09-30'].map(day => at(`${day}T12:00:00Z`)),
    policy({ daily: 3 }),
    NOW
  )
  assert.deepEqual(keptOf(decisions).map(text => text.slice(0, 10)), ['2025-11-24', '2025-11-20', '2025-10-01'])
})

test('backups made by hand and before a migration are outside the rules and take no place of theirs', () => {
  const backups = [
    at('2025-11-24T20:00:00Z', { type: 'manual' }),
    at('2025-11-24T12:00:00Z'),
    at('2025-01-01T12:00:00Z', { type: 'pre-migration' })
  ]
  assert.equal(keptOf(applyRetention(backups, policy({ daily: 1 }), NOW)).length, 3)
})

test('a damaged backup fills no place, and goes once a newer one is good', () => {
  const [newer, damaged, good] = [
    at('2025-11-24T12:00:00Z'),
    at('2025-11-23T18:00:00Z', DAMAGED),
    at('2025-11-23T12:00:00Z')
  ]
  const decisions = applyRetention([newer, damaged, good], policy({ daily: 2 }), NOW)
  assert.deepEqual(keptOf(decisions).map(text => text.slice(0, 13)), ['2025-11-24T12', '2025-11-23T12'])
  assert.deepEqual(decisions.map(({ removal }) => removal), [null, 'trash', null])
  assert.deepEqual(reasonsOf(decisions, damaged), ['damaged: its last verification failed'])
  assert.deepEqual(reasonsOf(applyRetention([damaged, good], policy({ daily: 2 }), NOW), damaged), [
    'damaged, but nothing newer is good',
    'newest backup'
  ])
  const undecided = applyRetention(
    [at('2025-11-24T23:31:00Z'), at('2025-11-24T12:00:00Z', DAMAGED), damaged, good],
    policy({ daily: 2 }),
    NOW
  )
  assert.deepEqual(reasonsOf(undecided, damaged), ['damaged, but nothing newer is good'])
})

test('nothing goes while the newest good backup is older than the schedule allows', () => {
  const freshSince = new Date(NOW.getTime() - 25 * HOUR)
  const backups = daily(40).map(backup => ({ ...backup, startedAt: new Date(backup.startedAt.getTime() - 2 * DAY) }))
  const decisions = applyRetention(backups, policy({ daily: 7 }, { freshSince, maxBackups: 3 }), NOW)
  assert.ok(decisions.every(({ keep }) => keep))
  assert.match(
    decisions[5]?.reasons[0] ?? '',
    /^nothing is removed: the newest good backup is from 2025-11-22T22:30:00.000Z, and the schedule requires one since 2025-11-23T22:30:00.000Z$/
  )
  assert.ok(applyRetention(daily(40), policy({ daily: 7 }, { freshSince }), NOW).some(({ keep }) => !keep))
  for (const newest of [at('2025-11-24T12:00:00Z', DAMAGED), at('2025-11-24T23:31:00Z')]) {
    assert.ok(applyRetention([newest, ...backups], policy({ daily: 7 }, { freshSince }), NOW).every(({ keep }) => keep))
  }
})

test('the floor holds whatever the rules say, and only good backups stand on it', () => {
  const old = [1, 2, 3, 4].map(n => at(`2024-0${n}-01T12:00:00Z`, n === 4 ? DAMAGED : {}))
  const decisions = applyRetention(old, policy({ within: span({ days: 30 }), minBackups: 2 }), NOW)
  assert.deepEqual(keptOf(decisions).map(text => text.slice(0, 7)), ['2024-04', '2024-03', '2024-02'])
  assert.deepEqual(reasonsOf(decisions, old[1]!), ['one of 2 (minBackups)'])
})

test('maxBackups counts what the rules keep first, and what is beyond it goes at once', () => {
  const decisions = applyRetention(
    [...daily(20), at('2020-01-01T00:00:00Z', { type: 'manual' })],
    policy({ daily: 7 }, { maxBackups: 5 }),
    NOW
  )
  assert.equal(keptOf(decisions).length, 5)
  assert.ok(decisions.slice(5).every(({ removal }) => removal === 'erase'))
  assert.deepEqual(decisions[5]?.reasons, ['beyond the limit of maxBackups (5)'])
})

test('within maxBackups what no rule keeps goes into the trash, the oldest of it beyond at once', () => {
  const decisions = applyRetention(daily(10), policy({ weekly: 2 }, { maxBackups: 6 }), NOW)
  assert.deepEqual(decisions.map(({ removal }) => removal), [
    null,
    null,
    'trash',
    'trash',
    'trash',
    'trash',
    'erase',
    'erase',
    'erase',
    'erase'
  ])
})

test('the days are those of the zone', () => {
  const backups = ['2025-11-23T10:59:00Z', '2025-11-23T11:01:00Z', '2025-11-23T23:00:00Z'].map(text => at(text))
  assert.deepEqual(keptOf(applyRetention(backups, policy({ daily: 7 }, { timeZone: 'Pacific/Auckland' }), NOW)), [
    '2025-11-23T23:00',
    '2025-11-23T10:59'
  ])
  assert.deepEqual(keptOf(applyRetention(backups, policy({ daily: 7 }), NOW)), ['2025-11-23T23:00'])
})

test('the hour that comes twice when the clock is set back is two', () => {
  const backups = ['2025-10-26T00:30:00Z', '2025-10-26T01:30:00Z'].map(text => at(text))
  assert.equal(keptOf(applyRetention(backups, policy({ hourly: 2 }, { timeZone: 'Europe/Vienna' }), NOW)).length, 2)
  assert.equal(keptOf(applyRetention(backups, policy({ daily: 2 }, { timeZone: 'Europe/Vienna' }), NOW)).length, 1)
})

for (
  const [now, duration, limit] of [
    ['2025-03-31T12:00:00Z', { months: 1 }, '2025-02-28T12:00:00Z'],
    ['2024-02-29T12:00:00Z', { years: 1 }, '2023-02-28T12:00:00Z'],
    ['2025-01-01T00:00:00Z', { months: 13, days: 1, hours: 1 }, '2023-11-29T23:00:00Z']
  ] as const
) {
  test(`${JSON.stringify(duration)} before ${now} is ${limit}`, () => {
    const [inside, outside] = [at(limit), at(new Date(Date.parse(limit) - 60_000).toISOString())]
    const decisions = applyRetention([at(now), inside, outside], policy({ within: span(duration) }), new Date(now))
    assert.deepEqual(decisions.map(({ keep }) => keep), [true, true, false])
  })
}

test('a backup of exactly the limit is within it', () => {
  const limit = at('2025-11-17T23:30:00Z')
  const decisions = applyRetention([at('2025-11-24T12:00:00Z'), limit], policy({ daily: span({ days: 7 }) }), NOW)
  assert.deepEqual(reasonsOf(decisions, limit), ['daily: newest of 2025-11-17, within 7d'])
  const fresh = applyRetention(
    [limit, ...daily(20).map(backup => ({ ...backup, startedAt: new Date(backup.startedAt.getTime() - 20 * DAY) }))],
    policy({ last: 1 }, { freshSince: limit.startedAt }),
    NOW
  )
  assert.equal(keptOf(fresh).length, 1)
})

test('more than half of five or more at once is a mass removal', () => {
  assert.deepEqual([[4, 4], [5, 9], [5, 10], [6, 11], [5, 5]].map(([going, of]) => isMassRemoval(going!, of!)), [
    false,
    true,
    false,
    true,
    true
  ])
})

const durations = fc.record({ years: fc.nat(1), months: fc.nat(14), days: fc.nat(70), hours: fc.nat(30) })
const keeps = fc.oneof(fc.integer({ min: 1, max: 12 }), durations)
const rulesOf = fc.record({
  last: fc.integer({ min: 1, max: 9 }),
  hourly: keeps,
  daily: keeps,
  weekly: keeps,
  monthly: keeps,
  yearly: keeps,
  within: durations
}, { requiredKeys: [] })
const histories = fc.array(
  fc.record({
    // Close together around both changes of the clock, and far back.
    time: fc.oneof(
      fc.integer({ min: Date.parse('2025-10-24T00:00Z'), max: Date.parse('2025-11-25T12:00Z') }),
      fc.integer({ min: Date.parse('2025-03-07T00:00Z'), max: Date.parse('2025-04-07T00:00Z') }),
      fc.integer({ min: Date.parse('2023-01-01T00:00Z'), max: Date.parse('2025-11-25T00:00Z') })
    ),
    type: fc.constantFrom('scheduled', 'scheduled', 'scheduled', 'manual', 'pre-migration'),
    pinned: fc.integer({ min: 0, max: 9 }).map(n => n === 0),
    verification: fc.constantFrom('valid', 'valid', 'valid', 'unverified', 'invalid'),
    parentId: fc.option(fc.integer({ min: 1, max: 40 }), { freq: 8 }),
    suspect: fc.constantFrom(false, false, false, false, true)
  }),
  { maxLength: 40 }
)

/** Some of them as increments on the one before them; `growth` in ten are. */
function grown (all: readonly Backup[], growth: readonly number[]): readonly Backup[] {
  const grown: Backup[] = []
  for (const one of all.toSorted((a, b) => a.startedAt.getTime() - b.startedAt.getTime())) {
    const before = grown.at(-1)
    const isFull = before === undefined || (growth[one.id % growth.length] ?? 0) < 4
    const { depth, chain } = isFull ? { depth: 0, chain: `chain-${one.id}` } : {
      depth: (before.link?.depth ?? 0) + 1,
      chain: before.link?.chain ?? ''
    }
    grown.push({ ...one, parentId: isFull ? null : before.id, link: linkOf({ depth, chain }) })
  }
  return grown
}

test('what the rules choose stays, also if its full backup is a suspect that no rule chooses', () => {
  const suspicion = { reasons: ['odd'], releasedAt: null, releasedBy: null }
  const full = backupOf(1, { startedAt: new Date('2023-01-01'), suspicion, link: linkOf({ depth: 0, chain: 'one' }) })
  const increment = backupOf(2, {
    startedAt: new Date('2023-01-02'),
    type: 'pre-migration',
    parentId: 1,
    link: linkOf({ depth: 1, chain: 'one' })
  })
  const later = backupOf(3, { startedAt: new Date('2025-03-07'), suspicion, link: linkOf({ depth: 0, chain: 'two' }) })
  const pinned = backupOf(4, { startedAt: new Date('2025-10-24'), pinned: true })
  const chosen: RetentionPolicy = {
    maxBackups: 1,
    rules: { minBackups: 0 },
    timeZone: 'UTC',
    freshSince: null,
    suspect: null
  }
  const decisions = applyRetention([full, increment, later, pinned], chosen, NOW)
  assert.deepEqual(decisions.flatMap(({ backup, keep }) => keep ? [] : [backup.id]), [])
})

for (const sort of ['without chains', 'with chains', 'with parents of any sort'] as const) {
  test(`what is kept is what a plain look at every rule by itself says, ${sort}`, () => {
    const zones = fc.constantFrom('UTC', 'Europe/Vienna', 'America/New_York', 'Australia/Lord_Howe')
    const limits = fc.option(fc.integer({ min: 1, max: 20 }))
    fc.assert(
      fc.property(
        histories,
        fc.option(rulesOf),
        fc.nat(4),
        limits,
        zones,
        fc.option(fc.integer({ min: 0, max: 40 }), { freq: 3 }),
        fc.array(fc.nat(9), { minLength: 7, maxLength: 7 }),
        (history, rules, minBackups, maxBackups, timeZone, fresh, growth) => {
          const made = history.map(({ time, verification, parentId, suspect, ...given }, n) =>
            backupOf(n + 1, {
              ...given,
              startedAt: new Date(time),
              parentId: sort === 'with parents of any sort' ? parentId : null,
              suspicion: suspect && sort !== 'without chains'
                ? { reasons: ['odd'], releasedAt: null, releasedBy: null }
                : null,
              verification: { status: verification, checkedAt: null, checks: [] }
            })
          )
          const all = sort === 'with chains' ? grown(made, growth) : made
          const chosen: RetentionPolicy = {
            maxBackups,
            rules: rules === null ? null : { ...rules, minBackups },
            timeZone,
            freshSince: fresh === null ? null : new Date(NOW.getTime() - fresh * DAY),
            suspect: null
          }
          const decisions = applyRetention(all, chosen, NOW)
          const kept = decisions.filter(({ keep }) => keep)
          assert.deepEqual(
            kept.map(({ backup }) => backup.id).toSorted((a, b) => a - b),
            [...naiveKept(all, chosen, NOW)].toSorted((a, b) => a - b)
          )

          assert.ok(decisions.every(({ reasons, keep, removal }) => reasons.length > 0 && (removal === null) === keep))
          if (sort === 'without chains') {
            const [newestValid] = decisions.filter(({ backup }) => backup.verification.status === 'valid')
            assert.ok(newestValid?.keep ?? true)
            const good = decisions.filter(({ backup }) => backup.verification.status !== 'invalid')
            const floor = Math.min(minBackups, maxBackups ?? minBackups, good.length)
            if (rules !== null) assert.ok(good.filter(({ keep }) => keep).length >= floor)
          }
          const ids = new Set(kept.map(({ backup }) => backup.id))
          const missing = kept.filter(({ backup: { parentId } }) =>
            all.some(({ id }) => id === parentId) && !ids.has(parentId ?? 0)
          )
          assert.deepEqual(missing, [], 'what is kept has what it is built on')
          const left = kept.map(({ backup }) => backup)
          if (rules === null || maxBackups === null) {
            assert.ok(
              applyRetention(left, chosen, NOW).every(({ keep }) => keep),
              'a second time removes nothing more'
            )
          }
        }
      ),
      { numRuns: 1000 }
    )
  })
}
