import { BackupError } from '../core/errors.ts'
import type { Session } from './session.ts'

/** What is known of the configuration that a command works with. */
export interface Known {
  /** Whether a database is configured, beside the service's own catalog. */
  readonly hasDatabase: boolean
  /** Sources of which nobody said how their backups are sealed, so that they would be plain. */
  readonly unsaidSealing: readonly string[]
}

/** The source that is meant where none is named. Throws `SOURCE_REQUIRED` where that would be the service's own catalog for want of a database. */
export function defaultOf ({ defaultSource, known }: Pick<Session, 'defaultSource' | 'known'>): string {
  if (known.hasDatabase) return defaultSource
  throw new BackupError('SOURCE_REQUIRED', 'no database is configured', { hint: `Set DATABASE_PATH, or name sources in holdfast.yaml, as the server has it; "${defaultSource}" as the source is the service's own catalog.` })
}

/**
 * Throws `ENCRYPTION_MISSING` where the newest backup of the source is sealed, and one made now would not be, although nobody
 * said so: most likely this command was started without the configuration that the others had.
 */
export async function requireSealing ({ engine, known }: Pick<Session, 'engine' | 'known'>, source: string): Promise<void> {
  if (!known.unsaidSealing.includes(source)) return
  const { backups: [newest] } = await engine.backups({ source, status: 'completed', limit: 1 })
  if (newest === undefined || newest.encryption === 'none') return
  throw new BackupError('ENCRYPTION_MISSING', `backup ${newest.id} of "${source}" is sealed with ${newest.encryption}, and a backup made now would not be: nothing here says how`, { hint: 'Give BACKUP_ENCRYPTION and its keys as they were given before, or BACKUP_ENCRYPTION=none if backups are to be plain from now on.' })
}
