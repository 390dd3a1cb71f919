import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { findAlerts } from '../../../src/core/alert/alert-rules.ts'
import {
  ALERT_RULES,
  alertKey,
  type Alert,
  type AlertFacts,
  type AlertLimits,
  type PruneFacts,
  type SourceFacts
} from '../../../src/core/alert/alert.ts'

const HOUR = 3_600_000
const KiB = 1024
const NOW = new Date('2025-11-25T12:00:00.000Z')
const LIMITS: AlertLimits = { maxAge: 0, sizeChange: 20, diskFree: 20, minBackups: 0 }
const DONE: PruneFacts = { lastDone: ago(1), freshSince: null, failure: null }

function ago (hours: number): Date {
  return new Date(NOW.getTime() - hours * HOUR)
}

/** A source with nothing wrong. */
function source (given: Partial<SourceFacts> = {}): SourceFacts {
  return {
    name: 'shop',
    freshSince: ago(2),
    provenSince: ago(200),
    isAutomationUnset: false,
    isMissing: false,
    drills: { lastProven: ago(100), failed: null },
    copies: [],
    hookError: null,
    overLimit: null,
    lastSuccess: ago(1),
    lastFailure: null,
    newestGood: ago(1),
    good: 5,
    damaged: [],
    unproven: null,
    suspects: [],
    sizes: sizesOf(1000, 1000, 1000, 1000),
    ...given
  }
}

/** Newest first, in KiB. */
function sizesOf (...sizes: readonly number[]): SourceFacts['sizes'] {
  return sizes.map((size, index) => ({ id: sizes.length - index, size: size * KiB }))
}

function facts (given: Partial<SourceFacts>, others: Partial<AlertFacts> = {}): AlertFacts {
  return {
    sources: [source(given)],
    prune: DONE,
    store: { name: 'local', space: { free: 50, total: 100 } },
    refused: [],
    catalogDamage: undefined,
    keys: [],
    notices: [],
    ...others
  }
}

function keysOf (given: AlertFacts, limits: Partial<AlertLimits> = {}, open: readonly Alert[] = []): string[] {
  return findAlerts(given, { ...LIMITS, ...limits }, NOW, open).map(alertKey)
}

function failure (hoursAgo: number): SourceFacts['lastFailure'] {
  return { at: ago(hoursAgo), code: 'SOURCE_MISSING', message: 'there is no file "/srv/shop.db"' }
}

const DOWN = { code: 'STORE_UNAVAILABLE', message: 'it is down' } as const
const space = (free: number): Partial<AlertFacts> => ({ store: { name: 'local', space: { free, total: 100 } } })
const open = (rule: Alert['rule'], source: string | null): Alert => ({
  id: 1,
  rule,
  source,
  severity: ALERT_RULES[rule].severity,
  message: 'as it was',
  remedy: 'do',
  raisedAt: NOW,
  clearedAt: null
})

const cases: ReadonlyArray<
  readonly [what: string, found: readonly string[], given: AlertFacts, limits?: Partial<AlertLimits>]
> = [
  ['nothing wrong', [], facts({})],
  [
    'a source without any backup of which nothing is asked',
    [],
    facts({ lastSuccess: null, newestGood: null, good: 0, sizes: [], freshSince: null })
  ],

  [
    'a drill that failed',
    ['drill_failed:shop'],
    facts({
      drills: {
        lastProven: ago(1),
        failed: { backupId: 3, at: ago(2), code: 'BACKUP_INVALID', message: 'it is damaged' }
      }
    })
  ],
  [
    'no proof since two drills were due',
    ['drill_overdue:shop'],
    facts({ drills: { lastProven: ago(200.001), failed: null } })
  ],
  [
    'a proof in the instant of the drill before the last',
    [],
    facts({ drills: { lastProven: ago(200), failed: null } })
  ],
  [
    'never a proof, though drills were due',
    ['drill_overdue:shop'],
    facts({ drills: { lastProven: null, failed: null } })
  ],
  [
    'never a proof, and nothing good to drill',
    ['schedule_missed:shop'],
    facts({ newestGood: null, drills: { lastProven: null, failed: null } })
  ],
  ['never a proof where no drill is due', [], facts({ provenSince: null, drills: { lastProven: null, failed: null } })],

  ['fewer backups over the limit than half of it', [], facts({ overLimit: { count: 4, maxBackups: 10 } })],
  [
    'half as many backups over the limit as it has',
    ['over_limit:shop'],
    facts({ overLimit: { count: 5, maxBackups: 10 } })
  ],

  ['hooks that have succeeded', [], facts({ hookError: null })],
  ['an "after" hook that failed', ['hook_failed:shop'], facts({ hookError: '"start app": exit code 1' })],
  ['a copy that has just failed', [], facts({ copies: [{ store: 'far', count: 1, since: ago(0.16), failure: DOWN }] })],
  [
    'a copy that fails for ten minutes',
    ['copy_late:shop'],
    facts({ copies: [{ store: 'far', count: 1, since: ago(0.17), failure: DOWN }] })
  ],
  ['a copy that takes its time', [], facts({ copies: [{ store: 'far', count: 3, since: ago(5.9), failure: null }] })],
  [
    'a copy that takes too long',
    ['copy_late:shop'],
    facts({ copies: [{ store: 'far', count: 3, since: ago(6), failure: null }] })
  ],

  ['automatic backups that nobody has switched on or off', ['backups_off:shop'], facts({ isAutomationUnset: true })],
  ['a database that is not there', ['source_missing:shop'], facts({ isMissing: true })],
  ['a key that expires in 31 days', [], facts({}, { keys: [{ id: 'AB12', expiresAt: ago(-31 * 24) }] })],
  ['a key that expires in 30 days', ['key_expiring'], facts({}, { keys: [{ id: 'AB12', expiresAt: ago(-30 * 24) }] })],
  ['a key that has expired', ['key_expiring'], facts({}, { keys: [{ id: 'AB12', expiresAt: ago(1) }] })],
  [
    'a setting without an effect',
    ['config_notice'],
    facts({}, {
      notices: [{
        name: 'BACKUP_DRI',
        problem: 'is unknown and has no effect',
        remedy: 'Did you mean BACKUP_DIR?'
      }]
    })
  ],

  ['a failure after the last success', ['backup_failed:shop'], facts({ lastFailure: failure(0.5) })],
  ['a failure before the last success', [], facts({ lastFailure: failure(2) })],
  ['a failure in the same instant as the last success', [], facts({ lastFailure: failure(1) })],
  [
    'a failure where nothing ever succeeded',
    ['backup_failed:shop'],
    facts({ lastSuccess: null, lastFailure: failure(1) })
  ],

  [
    'the newest good backup from before the time asked for',
    ['schedule_missed:shop'],
    facts({ newestGood: ago(2.001) })
  ],
  ['the newest good backup from just then', [], facts({ newestGood: ago(2) })],
  ['never a backup, though one was due', ['schedule_missed:shop'], facts({ newestGood: null })],
  ['an old backup that no schedule calls old', [], facts({ newestGood: ago(9000), freshSince: null })],

  ['a backup of exactly the greatest age', [], facts({ newestGood: ago(25), freshSince: null }, {}), {
    maxAge: 25 * HOUR
  }],
  ['a backup beyond the greatest age', ['backup_too_old:shop'], facts({ newestGood: ago(25.001), freshSince: null }), {
    maxAge: 25 * HOUR
  }],
  ['never a backup, and a greatest age', ['backup_too_old:shop'], facts({ newestGood: null, freshSince: null }), {
    maxAge: 25 * HOUR
  }],

  ['a suspect', ['backup_suspect:shop'], facts({ suspects: [{ id: 3, reasons: ['x'] }] })],
  [
    'a backup whose verification was inconclusive',
    ['backup_unproven:shop'],
    facts({ unproven: { id: 3, reason: 'inconclusive: it took too long' } })
  ],
  ['a damaged backup', ['backup_damaged:shop'], facts({ damaged: [{ id: 3, reason: 'checksum failed' }] })],

  ['a size a fifth above the usual', [], facts({ sizes: sizesOf(1200, 1000, 1000, 1000) })],
  [
    'a size more than a fifth above the usual',
    ['size_changed:shop'],
    facts({ sizes: sizesOf(1201, 1000, 1000, 1000) })
  ],
  ['a size more than a fifth below the usual', ['size_changed:shop'], facts({ sizes: sizesOf(799, 1000, 1000, 1000) })],
  ['a strange size after too few others', [], facts({ sizes: sizesOf(9000, 1000, 1000) })],
  ['one outlier among the sizes before', [], facts({ sizes: sizesOf(1000, 9000, 1000, 1000) })],
  [
    'a size that has become the usual one, further back than is looked',
    [],
    facts({ sizes: sizesOf(2000, 2000, 2000, 2000, 2000, 1000, 1000, 1000, 1000, 1000) })
  ],
  ['a few pages more of a small database', [], facts({ sizes: sizesOf(28, 12, 12, 12) })],
  ['more than a few pages more of a small database', ['size_changed:shop'], facts({ sizes: sizesOf(29, 12, 12, 12) })],
  ['a strange size, and no limit', [], facts({ sizes: sizesOf(9000, 1000, 1000, 1000) }), { sizeChange: 0 }],
  ['a limit of one half', [], facts({ sizes: sizesOf(1500, 1000, 1000, 1000) }), { sizeChange: 50 }],

  ['as many backups as there should be', [], facts({ good: 3 }), { minBackups: 3 }],
  ['one backup less than there should be', ['too_few_backups:shop'], facts({ good: 2 }), { minBackups: 3 }],

  ['as much free disk as there should be', [], facts({}, space(20))],
  ['less free disk than there should be', ['disk_low'], facts({}, space(19.9))],
  ['a full disk, and no limit', [], facts({}, space(0)), { diskFree: 0 }],
  ['a store that knows no space', [], facts({}, { store: { name: 'local', space: undefined } })],
  ['a store of no size', [], facts({}, { store: { name: 'local', space: { free: 0, total: 0 } } })],

  [
    'a prune that failed',
    ['prune_overdue'],
    facts({}, { prune: { ...DONE, failure: { code: 'STORE_FAILED', reason: 'it would not' } } })
  ],
  ['a prune older than the time asked for', ['prune_overdue'], facts({}, { prune: { ...DONE, freshSince: ago(0.5) } })],
  ['a prune from just then', [], facts({}, { prune: { ...DONE, freshSince: ago(1) } })],
  [
    'never a prune, though one was due',
    ['prune_overdue'],
    facts({}, { prune: { lastDone: null, freshSince: ago(1), failure: null } })
  ],
  ['never a prune, and none was due', [], facts({}, { prune: { lastDone: null, freshSince: null, failure: null } })],

  [
    'several things at once',
    ['backup_failed:shop', 'schedule_missed:shop', 'backup_damaged:shop', 'disk_low'],
    facts({ lastFailure: failure(0.5), newestGood: ago(3), damaged: [{ id: 1, reason: 'x' }] }, space(1))
  ]
]

for (const [what, found, given, limits] of cases) {
  test(`the rules find ${found.length === 0 ? 'no alert' : found.join(', ')} in ${what}`, () => {
    assert.deepEqual(keysOf(given, limits), found)
  })
}

test('each source has alerts of its own', () => {
  const given = facts({}, {
    sources: [source({ name: 'blog', lastFailure: failure(0) }), source(), source({ name: 'wiki', newestGood: null })]
  })
  assert.deepEqual(keysOf(given), ['backup_failed:blog', 'schedule_missed:wiki'])
})

test('a disk that is low is well again only a little above the limit, and never has to be more than empty', () => {
  const wasLow = [open('disk_low', null)]
  assert.deepEqual([19, 20, 21.9, 22].map(free => keysOf(facts({}, space(free)), {}, wasLow).length), [1, 1, 1, 0])
  assert.deepEqual(keysOf(facts({}, space(100)), { diskFree: 99 }, wasLow), [])
  // What is low elsewhere does not matter here.
  assert.deepEqual(keysOf(facts({}, space(21)), {}, [open('prune_overdue', null)]), [])
})

test('a disk that is low stays so, in the same words, while its store cannot tell', () => {
  const [found] = findAlerts(facts({}, { store: { name: 'local', space: undefined } }), LIMITS, NOW, [
    open('disk_low', null)
  ])
  assert.equal(found?.message, 'as it was')
})

test('what is wrong is told in figures, with what to do', () => {
  const words = (given: AlertFacts, limits: Partial<AlertLimits> = {}): string[] =>
    findAlerts(given, { ...LIMITS, ...limits }, NOW, []).map(({ message }) => message)
  assert.deepEqual(words(facts({ lastFailure: failure(0.5) })), [
    'the last backup of "shop" failed at 2025-11-25T11:30:00.000Z with SOURCE_MISSING: there is no file "/srv/shop.db"'
  ])
  assert.deepEqual(words(facts({ newestGood: ago(30), freshSince: null }), { maxAge: 25 * HOUR }), [
    'the newest good backup of "shop" is from 2025-11-24T06:00:00.000Z; the maximum age is 25 hours'
  ])
  assert.deepEqual(words(facts({ newestGood: null, freshSince: null }), { maxAge: HOUR }), [
    'there is no good backup of "shop"; the maximum age is 1 hour'
  ])
  assert.deepEqual(words(facts({ newestGood: ago(3) })), [
    'the newest good backup of "shop" is from 2025-11-25T09:00:00.000Z, and its schedule requires a newer one'
  ])
  assert.deepEqual(words(facts({ sizes: sizesOf(150, 100, 100, 100) })), [
    'backup 4 of "shop" has 153600 bytes, 50 % more than the usual 102400'
  ])
  assert.deepEqual(words(facts({ sizes: sizesOf(50, 100, 102, 98, 104) })), [
    'backup 5 of "shop" has 51200 bytes, 50 % less than the usual 102400'
  ])
  assert.deepEqual(words(facts({ damaged: [{ id: 7, reason: 'checksum failed (it differs)' }] })), [
    'backup 7 of "shop" is damaged: checksum failed (it differs)'
  ])
  assert.deepEqual(words(facts({ damaged: [9, 8, 7, 6, 5, 4, 3].map(id => ({ id, reason: `why ${id}` })) })), [
    '7 backups of "shop" are damaged: 9, 8, 7, 6, 5 and 2 more; backup 9: why 9'
  ])
  assert.deepEqual(words(facts({ damaged: [9, 8].map(id => ({ id, reason: `why ${id}` })) })), [
    '2 backups of "shop" are damaged: 9, 8; backup 9: why 9'
  ])
  assert.deepEqual(
    words(facts({ suspects: [{ id: 7, reasons: ['rows in "orders" fell 63 %, from 100 to 37', 'and so on'] }] })),
    ['backup 7 of "shop" is suspect: rows in "orders" fell 63 %, from 100 to 37; and so on; good backups from before it are kept']
  )
  assert.deepEqual(words(facts({ suspects: [7, 8].map(id => ({ id, reasons: ['x'] })) })), [
    'backup 7 of "shop" is suspect: x; 2 backups are suspect since then, including 8; good backups from before it are kept'
  ])
  assert.deepEqual(words(facts({ suspects: [7, 8, 9].map(id => ({ id, reasons: ['x'] })) })), [
    'backup 7 of "shop" is suspect: x; 3 backups are suspect since then, including 8, 9; good backups from before it are kept'
  ])
  const [found] = findAlerts(facts({ suspects: [7, 8].map(id => ({ id, reasons: ['x'] })) }), LIMITS, NOW, [])
  assert.match(found?.remedy ?? '', /"holdfast release 7 && holdfast release 8"/)
  assert.deepEqual(words(facts({ good: 1 }), { minBackups: 3 }), [
    'there is 1 good backup of "shop", fewer than the minimum of 3'
  ])
  assert.deepEqual(words(facts({ good: 0 }), { minBackups: 3 }), [
    'there are 0 good backups of "shop", fewer than the minimum of 3'
  ])
  assert.deepEqual(words(facts({}, space(12.7))), [
    '12 % of 100 bytes are free in the store "local", below the limit of 20 %'
  ])
  assert.deepEqual(
    words(facts({}, { prune: { ...DONE, failure: { code: 'STORE_FAILED', reason: 'it would not' } } })),
    ['the last prune failed with STORE_FAILED: it would not']
  )
  assert.deepEqual(words(facts({}, { prune: { ...DONE, failure: { code: null, reason: 'it was too late' } } })), [
    'the last prune failed: it was too late'
  ])
  assert.deepEqual(words(facts({}, { prune: { ...DONE, freshSince: ago(0.5) } })), [
    'the last prune was at 2025-11-25T11:00:00.000Z, and one was due at 2025-11-25T11:30:00.000Z'
  ])
  assert.deepEqual(words(facts({}, { prune: { lastDone: null, freshSince: ago(1), failure: null } })), [
    'no prune has run yet, and one was due at 2025-11-25T11:00:00.000Z'
  ])
  for (const given of [facts({ lastFailure: failure(0) }), facts({}, space(1)), facts({ newestGood: null })]) {
    for (const { remedy } of findAlerts(given, LIMITS, NOW, [])) assert.match(remedy, /^[A-Z][^.]+(\.md[^.]+)?\.$/)
  }
})

test('the words of an alert stay the same while nothing changes but the time', () => {
  const given = facts({ newestGood: ago(30), lastFailure: failure(0.5), good: 1, freshSince: ago(2) }, space(12.7))
  const limits = { ...LIMITS, maxAge: 25 * HOUR, minBackups: 3 }
  const later = { ...given, sources: [{ ...given.sources[0]!, freshSince: ago(-3) }] }
  assert.deepEqual(findAlerts(later, limits, ago(-5), []), findAlerts(given, limits, NOW, []))
})

test('docs/operations.md explains each rule, with its severity', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/operations.md'), 'utf8')
  const told = [...page.matchAll(/^\| `(\w+)` \| (critical|warning) \|/gm)].map(
    ([, rule, severity]) => [rule, severity]
  )
  assert.deepEqual(
    told.toSorted(),
    Object.entries(ALERT_RULES).map(([rule, { severity }]) => [rule, severity]).toSorted()
  )
})
