import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { BackupError } from '../../../src/core/errors.ts'
import { planRecovery, type RecoveryTarget } from '../../../src/core/recovery/plan.ts'
import type { Segment } from '../../../src/core/recovery/segment.ts'
import { DAMAGED, NOW, backupOf } from '../../support/builders/backup.ts'
import { at, instant, linked, segmentOf } from '../../support/builders/recovery.ts'

const CHAIN = [linked(1, 10), linked(2, 20, { depth: 1 }, { parentId: 1 })]

/** `links | segments`, and `…` where recovery has to stop within. */
function plan (
  target: RecoveryTarget,
  backups: readonly Backup[],
  segments: readonly Segment[] = [],
  until: Date | null = null
): string {
  const found = planRecovery({ backups, segments, until }, target, NOW)
  const spans = found.segments.map(({ from, to }) => `${Number.parseInt(from, 16)}-${Number.parseInt(to, 16)}`)
  return `${found.links.map(({ id }) => id).join(' ')} | ${spans.join(' ')}${found.stopsWithin ? '…' : ''}`
}

function to (position: number, lineage = 'lineage-1'): RecoveryTarget {
  return { kind: 'position', lineage, position: at(position) }
}

function by (position: number): RecoveryTarget {
  return { kind: 'instant', at: new Date(instant(position).getTime() + 1000) }
}

function refused (code: string, work: () => unknown): BackupError {
  try {
    work()
  } catch (thrown) {
    assert.ok(thrown instanceof BackupError && thrown.code === code, String(thrown))
    return thrown
  }
  assert.fail(`nothing was refused with ${code}`)
}

test('a backup is restored by its chain, and one without a chain by itself', () => {
  assert.equal(plan({ kind: 'backup', id: 2 }, CHAIN), '1 2 | ')
  assert.equal(plan({ kind: 'backup', id: 4 }, [...CHAIN, backupOf(4)]), '4 | ')
})

test('a backup that needs log is restored with all of it and no more', () => {
  const base = linked(1, 20, { from: 10 })
  const segments = [segmentOf(0, 8), segmentOf(8, 15), segmentOf(15, 22), segmentOf(22, 30)]
  assert.equal(plan({ kind: 'backup', id: 1 }, [base], segments), '1 | 8-15 15-22…')
  refused('CHAIN_BROKEN', () => plan({ kind: 'backup', id: 1 }, [base], [segmentOf(8, 15)]))
})

test('a backup whose chain has a gap, or that is not there, is refused', () => {
  refused('CHAIN_BROKEN', () => plan({ kind: 'backup', id: 2 }, [CHAIN[1]!]))
  const gone = { ...CHAIN[0]!, trashedAt: NOW, deletedAt: NOW }
  refused('CHAIN_BROKEN', () => plan({ kind: 'backup', id: 2 }, [gone, CHAIN[1]!]))
  refused('BACKUP_NOT_FOUND', () => plan({ kind: 'backup', id: 7 }, CHAIN))
})

test('what is in the trash is restored where it is asked for, and nothing leads on from it', () => {
  const trashed = CHAIN.map(one => ({ ...one, trashedAt: NOW }))
  assert.equal(plan({ kind: 'backup', id: 2 }, trashed), '1 2 | ')
  refused('RECOVERY_TARGET_UNREACHABLE', () => plan({ kind: 'latest' }, trashed))
})

test('a damaged backup is planned where it is asked for, and never chosen', () => {
  const damaged = [CHAIN[0]!, { ...CHAIN[1]!, ...DAMAGED }]
  assert.equal(plan({ kind: 'backup', id: 2 }, damaged), '1 2 | ')
  assert.equal(plan({ kind: 'latest' }, damaged), '1 | ')
})

const SEGMENTS = [segmentOf(10, 15), segmentOf(15, 22), segmentOf(22, 30), segmentOf(31, 40)]

test('a position is reached from the newest backup before it, with the log up to it', () => {
  assert.equal(plan(to(10), CHAIN, SEGMENTS), '1 | ')
  assert.equal(plan(to(15), CHAIN, SEGMENTS), '1 | 10-15')
  assert.equal(plan(to(17), CHAIN, SEGMENTS), '1 | 10-15 15-22…')
  assert.equal(plan(to(20), CHAIN, SEGMENTS), '1 2 | ')
  assert.equal(plan(to(30), CHAIN, SEGMENTS), '1 2 | 15-22 22-30')
})

test('an instant is reached with what was committed by then, and nothing that was committed later', () => {
  assert.equal(plan(by(12), CHAIN, SEGMENTS), '1 | 10-15…')
  assert.equal(plan(by(15), CHAIN, SEGMENTS), '1 | 10-15')
  assert.equal(plan(by(25), CHAIN, SEGMENTS), '1 2 | 15-22 22-30…')
  assert.equal(plan(by(20), CHAIN, SEGMENTS), '1 2 | 15-22…')
})

test('where it is not known when transactions ended, log is taken until some is known to lead past the instant', () => {
  const unknown = { firstCommit: null, lastCommit: null }
  const segments = [segmentOf(20, 22, unknown), segmentOf(22, 24, unknown), segmentOf(24, 26), segmentOf(26, 28)]
  assert.equal(plan(by(21), CHAIN, segments), '1 2 | 20-22 22-24 24-26…')
  assert.equal(plan(by(22), CHAIN, segments), '1 2 | 20-22 22-24 24-26…')
  assert.equal(plan(by(22), CHAIN, segments.slice(0, 2), instant(30)), '1 2 | 20-22 22-24…')
  assert.equal(plan(by(28), CHAIN, segments.slice(0, 2), instant(30)), '1 2 | 20-22 22-24')
})

test('the smallest piece of log is taken that leads past the instant', () => {
  const merged = [segmentOf(20, 30), segmentOf(20, 22), segmentOf(22, 24), segmentOf(24, 26)]
  assert.equal(plan(by(23), CHAIN, merged), '1 2 | 20-22 22-24…')
  assert.equal(plan(by(24), CHAIN, merged), '1 2 | 20-22 22-24')
  assert.equal(plan({ kind: 'latest' }, CHAIN, merged), '1 2 | 20-30')
})

test('the latest state is the end of the last window, or a newer backup that is in no chain', () => {
  assert.equal(plan({ kind: 'latest' }, CHAIN, SEGMENTS), '1 2 | 15-22 22-30')
  const alone = backupOf(3, { startedAt: instant(50), completedAt: instant(50) })
  assert.equal(plan({ kind: 'latest' }, [...CHAIN, alone], SEGMENTS), '3 | ')
  assert.equal(plan({ kind: 'latest' }, [...CHAIN, { ...alone, ...DAMAGED }], SEGMENTS), '1 2 | 15-22 22-30')
})

test('a target outside of every window is refused with the windows', () => {
  const segments = [segmentOf(20, 22)]
  for (const target of [by(9), by(11), by(23)]) {
    const { message, details } = refused('RECOVERY_TARGET_UNREACHABLE', () => plan(target, CHAIN, segments))
    for (const position of [10, 20, 22]) assert.ok(message.includes(instant(position).toISOString()), message)
    assert.deepEqual(details, { windows: 2 })
  }
  assert.match(
    refused('RECOVERY_TARGET_UNREACHABLE', () => plan(to(30), CHAIN, segments)).message,
    /0{14}14 to 0{14}16/
  )
  refused('RECOVERY_TARGET_UNREACHABLE', () => plan(to(21, 'lineage-2'), CHAIN, segments))
  refused('RECOVERY_TARGET_UNREACHABLE', () => plan({ kind: 'latest' }, []))
})

test('an instant at which nothing happened is reached where all is known to be captured', () => {
  assert.equal(plan(by(50), CHAIN, [segmentOf(20, 22)], instant(60)), '1 2 | 20-22')
  refused('RECOVERY_TARGET_UNREACHABLE', () => plan(by(50), CHAIN, [segmentOf(20, 22)], instant(40)))
})

test('a plan leads without a gap from its last link to the target and stops within only if it leads past it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(20), fc.nat(3)), { minLength: 1, maxLength: 5 }),
      fc.array(fc.tuple(fc.nat(25), fc.integer({ min: 1, max: 6 })), { maxLength: 12 }),
      fc.integer({ min: 0, max: 32 }),
      (bases, spans, target) => {
        const covers = (position: number): boolean =>
          spans.some(([from, length]) => from <= position && position < from + length)
        const leads = (from: number, end: number): boolean => {
          for (let position = from; position < end; position++) if (!covers(position)) return false
          return true
        }
        const backups = bases.map(([from, length], n) => linked(n + 1, from + length, { from, chain: `chain-${n}` }))
        const segments = spans.map(([from, length]) => segmentOf(from, from + length))
        const possible = bases.filter(([from, length]) => from + length <= target && leads(from, target))
        const make = () => planRecovery({ backups, segments, until: null }, to(target), NOW)
        if (possible.length === 0) {
          refused('RECOVERY_TARGET_UNREACHABLE', make)
          return
        }
        const { links, segments: chosen, stopsWithin } = make()
        const link = links[0]?.link
        assert.equal(link?.to, at(Math.max(...possible.map(([from, length]) => from + length))))
        let position: string = link.from
        for (const { from, to: end } of chosen) {
          assert.ok(from <= position && end > position)
          position = end
        }
        assert.ok(stopsWithin ? position > at(target) : position === at(target))
      }
    ),
    { numRuns: 1000 }
  )
})
