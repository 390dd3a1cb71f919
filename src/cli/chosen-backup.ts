import { isFromFuture, type Backup } from '../core/backup/backup.ts'
import { isSuspect } from '../core/backup/suspicion.ts'
import type { Clock } from '../core/clock.ts'
import { BackupError } from '../core/errors.ts'
import { defaultOf } from './guards.ts'
import type { Session } from './session.ts'

/** Backups that are read at once when the newest valid one is looked for, among all of them. */
const PAGE = 100
/** So many backups that were passed over are named. */
const NAMED = 3
const FOREIGN_HINT =
  'There are backups of another installation, which "holdfast list" marks as foreign: give the id of one. On a machine without backups of its own, --source together with --output also selects from them.'

export interface Choice {
  readonly latest?: true
  readonly source?: string
  readonly at?: Date
}

interface Search extends Choice {
  /**
   * Backups of another installation may be chosen where this one has none at all of its own: the source and the target
   * were given.
   */
  readonly mayBeForeign?: boolean
}

/** Throws `VALIDATION_FAILED` unless exactly one backup is told. */
export function requireChoice (id: number | undefined, { latest, source, at }: Choice): void {
  const isSearch = latest === true || at !== undefined
  if ((id === undefined) !== isSearch) {
    throw new BackupError(
      'VALIDATION_FAILED',
      id === undefined
        ? 'no backup to restore was given'
        : `backup ${id} and ${latest === true ? '"--latest"' : '"--at"'} exclude each other`,
      { hint: 'Give the id of a backup, as shown by "list", or --latest, or --at.' }
    )
  }
  if (source !== undefined && !isSearch) {
    throw new BackupError(
      'VALIDATION_FAILED',
      '"--source" is only valid with --latest or --at: an id already identifies the source',
      {
        hint: 'Leave it out.'
      }
    )
  }
}

/** A backup that was searched for. */
export interface Chosen {
  readonly backup: Backup
  /** Names what would have been chosen but for its time; null: nothing was passed over. */
  readonly warning: string | null
}

/**
 * The newest valid backup of a source, or the newest that was begun at `at` or before, whether or not the source is
 * configured here. Those made before a migration or a restore have the state that somebody wanted to get away from, and
 * suspects perhaps what an attack left. One from the future is never chosen, as a forged manifest can bear any date,
 * nor one that is refused for the lack of a trusted signature, nor one without such a signature where there is one that
 * has it. Throws `BACKUP_NOT_FOUND`, `SOURCE_NOT_FOUND` for a source that nothing is known of, and `SOURCE_REQUIRED`.
 */
export async function newestValid (
  session: Pick<Session, 'engine' | 'defaultSource' | 'known'> & { readonly clock: Clock },
  { source = defaultOf(session), at, mayBeForeign = false }: Search
): Promise<Chosen> {
  const { engine, clock } = session
  const isForeignTaken = mayBeForeign && (await engine.statistics()).totalBackups === 0
  const now = clock.now()
  const future: Backup[] = []
  const refused: Backup[] = []
  const untrusted: Backup[] = []
  let before: number | undefined
  let isKnown = false
  let isForeign = false
  let signed: Backup | undefined
  do {
    const { backups, next } = await engine.backups({ source, status: 'completed', limit: PAGE, before })
    isKnown ||= backups.length > 0
    isForeign ||= backups.some(({ foreignInstance }) => foreignInstance !== null)
    const suitable = backups.filter(backup =>
      (backup.foreignInstance === null || isForeignTaken) && backup.verification.status === 'valid' &&
      backup.type !== 'pre-migration' && !isSuspect(backup)
    )
    future.push(...suitable.filter(({ startedAt }) => isFromFuture(startedAt, now)))
    refused.push(...suitable.filter(isRefused))
    // Numbers need not follow the times: what is taken over from a store is numbered later.
    for (
      const backup of suitable.filter(one =>
        !isRefused(one) && !isFromFuture(one.startedAt, now) && (at === undefined || one.startedAt <= at)
      )
    ) {
      if (backup.signature?.state === 'signed') signed = newer(signed, backup)
      else untrusted.push(backup)
    }
    before = next ?? undefined
  } while (before !== undefined)
  const found = signed ?? untrusted.reduce<Backup | undefined>(newer, undefined)
  if (found !== undefined) {
    const since = (list: readonly Backup[]): Backup[] =>
      list.filter(({ startedAt }) => startedAt > found.startedAt && (at === undefined || startedAt <= at))
    return { backup: found, warning: passedOver({ future, refused: since(refused), untrusted: since(untrusted) }, now) }
  }
  if (!isKnown) await engine.source(source)
  const passed = passedOver({ future, refused, untrusted }, now)
  throw new BackupError(
    'BACKUP_NOT_FOUND',
    `there is no valid backup of "${source}"${at === undefined ? '' : ` from ${at.toISOString()} or earlier`}${
      passed === null ? '' : `; ${passed}`
    }`,
    {
      hint: isForeign ? FOREIGN_HINT : hintFor({ future, refused })
    }
  )
}

function newer (one: Backup | undefined, other: Backup): Backup {
  return one === undefined || other.startedAt > one.startedAt ? other : one
}

function isRefused ({ signature }: Backup): boolean {
  return signature?.isRefused === true
}

interface PassedOver {
  readonly future: readonly Backup[]
  /** A trusted signature is required, and they have none. */
  readonly refused: readonly Backup[]
  /** They have no trusted signature, and an older one has. */
  readonly untrusted: readonly Backup[]
}

function hintFor ({ future, refused }: Omit<PassedOver, 'untrusted'>): string {
  if (future.length > 0) {
    return 'Check the clock of this machine. If it is right, find out who made these backups before you restore one of them by its id.'
  }
  if (refused.length > 0) {
    return 'If you know that the backups are yours, add their key to BACKUP_TRUSTED_SIGNING_KEYS, or set BACKUP_REQUIRE_SIGNED=false.'
  }
  return 'List the backups with "holdfast list", and give the id of one.'
}

function passedOver ({ future, refused, untrusted }: PassedOver, now: Date): string | null {
  const reasons = [
    ...future.length === 0
      ? []
      : [`skipped ${listed(future)}: dated in the future (the clock shows ${now.toISOString()})`],
    ...refused.length === 0 ? [] : [`skipped ${listed(refused)}: not signed by a trusted key, which is required`],
    ...untrusted.length === 0
      ? []
      : [`skipped ${listed(untrusted)}: not signed by a trusted key, unlike the older one`]
  ]
  return reasons.length === 0 ? null : reasons.join('; ')
}

function listed (backups: readonly Backup[]): string {
  const list = backups.slice(0, NAMED).map(({ id, startedAt }) => `backup ${id} (${startedAt.toISOString()})`).join(
    ', '
  )
  return backups.length > NAMED ? `${list} and ${backups.length - NAMED} more` : list
}
