import type { Backup } from '../core/backup.ts'
import { BackupError } from '../core/errors.ts'
import { isSuspect } from '../core/suspicion.ts'
import type { Session } from './session.ts'

/** Backups that are read at once when the newest valid one is looked for. */
const PAGE = 100

export interface Choice {
  readonly latest?: true
  readonly source?: string
  readonly at?: Date
}

/** Throws `VALIDATION_FAILED` unless exactly one backup is told. */
export function requireChoice (id: number | undefined, { latest, source, at }: Choice): void {
  const isSearch = latest === true || at !== undefined
  if ((id === undefined) !== isSearch) throw new BackupError('VALIDATION_FAILED', id === undefined ? 'which backup is to be restored?' : `both backup ${id} and ${latest === true ? '"--latest"' : '"--at"'} are to be restored`, { hint: 'Give the number of a backup, as "list" shows it, or --latest, or --at.' })
  if (source !== undefined && !isSearch) throw new BackupError('VALIDATION_FAILED', '"--source" is for --latest and --at: the backup tells its source', { hint: 'Leave it out.' })
}

/**
 * The newest valid backup of a source, or the newest that was begun at `at` or before, whether or not the source is
 * configured here. Those made before a migration or a restore have the state that somebody wanted to get away from, and suspects perhaps what an attack left.
 * Throws `BACKUP_NOT_FOUND`, and `SOURCE_NOT_FOUND` for a source that nothing is known of.
 */
export async function newestValid ({ engine, defaultSource }: Pick<Session, 'engine' | 'defaultSource'>, { source = defaultSource, at }: Choice): Promise<Backup> {
  let before: number | undefined
  let isKnown = false
  do {
    const { backups, next } = await engine.backups({ source, status: 'completed', limit: PAGE, before })
    isKnown ||= backups.length > 0
    const found = backups
      .filter(backup => backup.verification.status === 'valid' && backup.type !== 'pre-migration' && !isSuspect(backup) && (at === undefined || backup.startedAt <= at))
      .toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime())[0]
    if (found !== undefined) return found
    before = next ?? undefined
  } while (before !== undefined)
  if (!isKnown) await engine.source(source)
  throw new BackupError('BACKUP_NOT_FOUND', `there is no valid backup of "${source}"${at === undefined ? '' : ` from ${at.toISOString()} or before`}`, { hint: 'See what there is with "holdfast list", and name one.' })
}
