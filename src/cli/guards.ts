import { BackupError } from '../core/errors.ts'
import type { Known, Opened } from './opened.ts'

/**
 * The source that is meant where none is named. Throws `SOURCE_REQUIRED` where that would be the service's own catalog
 * for want of a database.
 */
export function defaultOf ({ defaultSource, known }: Pick<Opened, 'defaultSource' | 'known'>): string {
  if (known.hasDatabase) return defaultSource
  throw new BackupError('SOURCE_REQUIRED', 'no database is configured', {
    hint:
      `Set DATABASE_PATH, or configure sources in holdfast.yaml. To back up the service's own catalog, give "${defaultSource}" as the source.`
  })
}

/** Options that hold what opens backups. */
const OPENING: readonly string[] = [
  'BACKUP_AGE_IDENTITY',
  'BACKUP_OPENPGP_PRIVATE_KEYS',
  'BACKUP_OPENPGP_PRIVATE_KEYS_PASSPHRASE',
  'BACKUP_ENCRYPTION_PASSPHRASE'
]

/** A `KEY_MISSING` says where the key may be, too: with the server. Any other error is left as it is. */
export function withWhereabouts (thrown: unknown, { lacks }: Pick<Known, 'lacks'>): unknown {
  const theirs = lacks.filter(variable => OPENING.includes(variable))
  if (!(thrown instanceof BackupError) || thrown.code !== 'KEY_MISSING' || theirs.length === 0) return thrown
  const names = theirs.join(' and ')
  return new BackupError('KEY_MISSING', `${thrown.message}; the server has ${names}, and this command does not`, {
    hint: `Use the API of the server, or set ${names} for the command too, preferably as a file for both (${
      theirs.map(name => `${name}_FILE`).join(', ')
    }).`,
    cause: thrown
  })
}

/**
 * Throws `ENCRYPTION_MISSING` where the newest backup of the source is sealed, and one made now would not be, although
 * nobody said so: most likely this command was started without the configuration that the others had.
 */
export async function requireSealing (
  { engine, known }: Pick<Opened, 'engine' | 'known'>,
  source: string
): Promise<void> {
  if (!known.unsaidSealing.includes(source)) return
  const { backups: [newest] } = await engine.backups({ source, status: 'completed', limit: 1 })
  if (newest === undefined || newest.encryption === 'none') return
  throw new BackupError(
    'ENCRYPTION_MISSING',
    `backup ${newest.id} of "${source}" is encrypted with ${newest.encryption}, and encryption is not configured for this command`,
    {
      hint: 'Set BACKUP_ENCRYPTION and its keys as before, or BACKUP_ENCRYPTION=none to stop encrypting new backups.'
    }
  )
}
