import { isFromFuture, isLive, type BackupOutline } from '../backup/backup.ts'
import type { Position } from '../backup/chain-link.ts'
import { BackupError } from '../errors.ts'
import { chainOf } from './chain.ts'
import { follow, type KnownSegment } from './segment.ts'
import { windowsOf, type Base, type Window } from './window.ts'

/** What a source is restored to. */
export type RecoveryTarget =
  | { readonly kind: 'backup', readonly id: number }
  /** As far as there is anything. */
  | { readonly kind: 'latest' }
  /** Everything that was committed by then, and nothing later. */
  | { readonly kind: 'instant', readonly at: Date }
  | { readonly kind: 'position', readonly lineage: string, readonly position: Position }

/** Everything that is known of one source. */
export interface RecoveryMaterial<B extends BackupOutline, S extends KnownSegment> {
  readonly backups: readonly B[]
  readonly segments: readonly S[]
  /** Everything that the source did before this instant is captured; null: not known. */
  readonly until: Date | null
}

export interface RecoveryPlan<B extends BackupOutline, S extends KnownSegment> {
  /** The full backup first, then each increment. */
  readonly links: readonly B[]
  /** What is applied after the last link, in order, without a gap. */
  readonly segments: readonly S[]
  /** Whether the last segments may lead past the target, so that recovery has to stop there; otherwise at their end. */
  readonly stopsWithin: boolean
}

/**
 * The backups from which captured log can be applied: live, not found damaged, each link of their chains likewise.
 * When the source had reached the position of a backup is taken from its end. Pure, as all here.
 */
export function basesOf (backups: readonly BackupOutline[]): readonly Base[] {
  const sound = soundById(backups)
  return [...sound.values()].flatMap(backup => {
    const { id, link, completedAt, startedAt } = backup
    if (link === null || chainOf(backup, sound).broken !== null) return []
    const { chain, lineage, depth, from, to } = link
    return [{ id, link: { chain, lineage, depth, from, to }, reachedAt: completedAt ?? startedAt }]
  })
}

function soundById<B extends BackupOutline> (backups: readonly B[]): ReadonlyMap<number, B> {
  return new Map(
    backups.filter(one => isLive(one) && one.verification.status !== 'invalid').map(one => [one.id, one])
  )
}

/**
 * The newest of the bases in `windows` from which the target can be reached. Throws `RECOVERY_TARGET_UNREACHABLE`,
 * which names the windows.
 */
export function chooseBase (bases: readonly Base[], windows: readonly Window[], target: RecoveryTarget): Base {
  const reaching = windows.filter(window => isIn(target, window))
  const usable = new Set(reaching.flatMap(window => window.bases))
  const [base] = bases.filter(one => usable.has(one.id) && isBefore(one, target)).toSorted((a, b) =>
    b.reachedAt.getTime() - a.reachedAt.getTime() || (a.link.to < b.link.to ? 1 : -1)
  )
  if (base !== undefined) return base
  throw unreachable(target, windows)
}

function isIn (target: RecoveryTarget, { lineage, from, to, fromAt, toAt, bases }: Window): boolean {
  switch (target.kind) {
    case 'backup':
      return bases.includes(target.id)
    case 'latest':
      return true
    case 'instant':
      return fromAt <= target.at && target.at <= toAt
    case 'position':
      return lineage === target.lineage && from <= target.position && target.position <= to
  }
}

/** Whether recovery from the base can only lead on to the target, and not past it. */
function isBefore ({ id, link, reachedAt }: Base, target: RecoveryTarget): boolean {
  switch (target.kind) {
    case 'backup':
      return id === target.id
    case 'latest':
      return true
    case 'instant':
      return reachedAt <= target.at
    case 'position':
      return link.to <= target.position
  }
}

/**
 * Answers what restores a source to the target: a chain of backups, and the captured log that follows it. Throws
 * `BACKUP_NOT_FOUND`, `CHAIN_BROKEN` where a link of the backup that is asked for is not there, and
 * `RECOVERY_TARGET_UNREACHABLE`, which names the windows, where nothing restores it. Whether the links are sound is for
 * a verification to say: a backup that is asked for by its id is planned whatever is known of it, also in the trash.
 */
export function planRecovery<B extends BackupOutline, S extends KnownSegment> (
  { backups, segments, until }: RecoveryMaterial<B, S>,
  target: RecoveryTarget,
  now: Date
): RecoveryPlan<B, S> {
  if (target.kind === 'backup') return planOfBackup(backups, segments, target.id)
  const live = new Map(backups.filter(isLive).map(one => [one.id, one]))
  const bases = basesOf(backups)
  const windows = windowsOf(bases, segments, until)
  if (target.kind === 'latest') {
    const alone = newestAlone(backups, now)
    const head = windows.at(-1)
    if (alone !== undefined && (head === undefined || reachedAt(alone) > head.toAt)) {
      return { links: [alone], segments: [], stopsWithin: false }
    }
  }
  const base = chooseBase(bases, target.kind === 'latest' ? windows.slice(-1) : windows, target)
  const backup = live.get(base.id)
  if (backup === undefined) throw unreachable(target, windows)
  const known = segments.filter(({ lineage }) => lineage === base.link.lineage)
  return { links: chainOf(backup, live).links, ...segmentsTo(known, base, target) }
}

function planOfBackup<B extends BackupOutline, S extends KnownSegment> (
  backups: readonly B[],
  segments: readonly S[],
  id: number
): RecoveryPlan<B, S> {
  const existing = new Map(
    backups.filter(one => one.status === 'completed' && one.deletedAt === null).map(one => [one.id, one])
  )
  const backup = existing.get(id)
  if (backup === undefined) throw new BackupError('BACKUP_NOT_FOUND', `there is no backup ${id} to restore`)
  const { links, broken } = chainOf(backup, existing)
  if (broken !== null) throw new BackupError('CHAIN_BROKEN', broken, { hint: 'Restore another backup.' })
  const { link } = backup
  if (link === null || link.from === link.to) return { links, segments: [], stopsWithin: false }
  const known = segments.filter(({ lineage }) => lineage === link.lineage)
  const run = segmentsTo(known, { id, link, reachedAt: reachedAt(backup) }, {
    kind: 'position',
    lineage: link.lineage,
    position: link.to
  })
  if ((run.segments.at(-1)?.to ?? '') < link.to) {
    throw new BackupError('CHAIN_BROKEN', `the captured log that backup ${id} needs is incomplete`, {
      hint: 'Restore another backup.'
    })
  }
  return { links, ...run }
}

/** The newest good backup that is in no chain; what its kind restores is that backup alone. */
function newestAlone<B extends BackupOutline> (backups: readonly B[], now: Date): B | undefined {
  return [...soundById(backups).values()]
    .filter(({ link, parentId, startedAt }) => link === null && parentId === null && !isFromFuture(startedAt, now))
    .toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime() || b.id - a.id)[0]
}

function reachedAt ({ completedAt, startedAt }: BackupOutline): Date {
  return completedAt ?? startedAt
}

interface SegmentsTo<S> {
  readonly segments: readonly S[]
  readonly stopsWithin: boolean
}

/**
 * First whatever ends by the target. Where the next one begins before the target, that one, too; and as many more until
 * one is known to lead past the target, for only there recovery finds where to stop.
 */
function segmentsTo<S extends KnownSegment> (
  segments: readonly S[],
  { link: { from, to } }: Base,
  target: RecoveryTarget
): SegmentsTo<S> {
  const run = follow(segments, from, one => one.to <= to || endsBy(one, target))
  if (target.kind === 'position' && run.reached >= target.position) {
    return { segments: run.segments, stopsWithin: false }
  }
  const [next] = segments.filter(one => one.from <= run.reached && one.to > run.reached).toSorted(shortestFirst)
  if (next === undefined || (run.reached >= to && beginsAfter(next, target))) {
    return { segments: run.segments, stopsWithin: false }
  }
  const rest = [next, ...follow(segments, next.to).segments]
  const last = rest.findIndex(one => one.to >= to && leadsPast(one, target))
  return { segments: [...run.segments, ...last === -1 ? rest : rest.slice(0, last + 1)], stopsWithin: true }
}

function shortestFirst (a: KnownSegment, b: KnownSegment): number {
  if (a.to !== b.to) return a.to < b.to ? -1 : 1
  return Number(a.isPartial) - Number(b.isPartial)
}

/** Whether nothing in the segment is past the target. */
function endsBy ({ to, lastCommit, finishedAt }: KnownSegment, target: RecoveryTarget): boolean {
  if (target.kind === 'instant') return (lastCommit ?? finishedAt) <= target.at
  return target.kind !== 'position' || to <= target.position
}

/** Whether everything in the segment is past the target. */
function beginsAfter ({ firstCommit }: KnownSegment, target: RecoveryTarget): boolean {
  return target.kind === 'instant' && firstCommit !== null && firstCommit > target.at
}

function leadsPast ({ to, lastCommit }: KnownSegment, target: RecoveryTarget): boolean {
  if (target.kind === 'instant') return lastCommit !== null && lastCommit > target.at
  return target.kind === 'position' && to >= target.position
}

/** No more of them are named. */
const NAMED = 5

function unreachable (target: RecoveryTarget, windows: readonly Window[]): BackupError {
  const named = windows.slice(-NAMED).map(window => nameOf(window, target.kind === 'position'))
  const older = windows.length - named.length
  const reach = windows.length === 0
    ? 'there is no backup to which captured log can be applied'
    : `recovery windows: ${named.join('; ')}${older > 0 ? `; and ${older} older windows` : ''}`
  return new BackupError(
    'RECOVERY_TARGET_UNREACHABLE',
    `the recovery target ${textOf(target)} cannot be reached: ${reach}`,
    {
      hint: windows.length === 0
        ? 'Restore a backup by its id.'
        : 'Choose a target within one of the windows, or restore a backup by its id.',
      details: { windows: windows.length }
    }
  )
}

function nameOf ({ lineage, from, to, fromAt, toAt }: Window, isByPosition: boolean): string {
  return isByPosition
    ? `${from} to ${to} of lineage "${lineage}"`
    : `${fromAt.toISOString()} to ${toAt.toISOString()}`
}

function textOf (target: RecoveryTarget): string {
  switch (target.kind) {
    case 'backup':
      return `backup ${target.id}`
    case 'latest':
      return 'the latest state'
    case 'instant':
      return target.at.toISOString()
    case 'position':
      return `position ${target.position} of lineage "${target.lineage}"`
  }
}
