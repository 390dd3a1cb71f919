import { BackupError } from '../errors.ts'

/** Beside an object: `<key>.manifest.json` is its manifest. */
export const MANIFEST_SUFFIX = '.manifest.json'
/** Objects that failed their verification are kept below this prefix, for inspection. */
export const QUARANTINE = 'quarantine/'
/** Removed backups wait below this prefix until their grace period is over. */
export const TRASH = 'trash/'
/**
 * Captured log lies below this prefix, `log/<source>/<lineage>/<name>`, and may have a million objects. None of them is
 * a backup: whoever looks for backups in a store passes over them.
 */
export const LOG = 'log/'
/** Objects with which a store is tried are made below this prefix, and removed. */
export const PROBES = 'holdfast-probe/'

/** Uploads with which a store is tried begin so. They are given up at once. */
export const TRIAL = '.holdfast-'

/** As `objectKey` makes them. */
const BACKUP_NAME = /^(?:quarantine\/|trash\/)?[a-z0-9][a-z0-9._-]*-backup-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d[^/]*$/i
const SOURCE_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i

export function isSourceName (name: string): boolean {
  return SOURCE_NAME.test(name)
}

/**
 * The object's name: `workstation-backup-2025-11-24T23-30-00.db`, in UTC as the Workstation runbook has it. `attempt`
 * counts from 0; further backups within the same second are told apart by `-2`, `-3`, ….
 *
 * Throws `VALIDATION_FAILED` for a source whose name cannot be part of a file name.
 */
export function objectKey (source: string, startedAt: Date, extension: string, attempt: number): string {
  if (!isSourceName(source)) {
    throw new BackupError('VALIDATION_FAILED', `"${source}" cannot be the name of a source`, {
      hint: 'Use letters, digits, ".", "_" and "-", at most 64.'
    })
  }
  const time = startedAt.toISOString().slice(0, 19).replaceAll(':', '-')
  return `${source}-backup-${time}${attempt === 0 ? '' : `-${attempt + 1}`}${extension}`
}

/**
 * Whether this program may have given that name to an object, in whatever prefix: of a backup, its manifest, in
 * quarantine or in the trash, too, of a probe, or of an upload with which a store was tried. What else is in a bucket
 * is of another program.
 */
export function isOurName (key: string): boolean {
  return key.startsWith(PROBES) || key.startsWith(TRIAL) || BACKUP_NAME.test(key)
}

export function manifestKey (key: string): string {
  return key + MANIFEST_SUFFIX
}

export function isManifestKey (key: string): boolean {
  return key.endsWith(MANIFEST_SUFFIX)
}

/** Whether it is the key of captured log. */
export function isLogKey (key: string): boolean {
  return key.startsWith(LOG)
}

/** The last part of a key: what the file is called. */
export function fileName (key: string): string {
  return key.slice(key.lastIndexOf('/') + 1)
}

/** The key of the file `name` in the folder of `key`. */
export function siblingKey (key: string, name: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1) + name
}

/** The keys of all parts of a backup, where the main one has the key `key`: that one first. */
export function partKeys (key: string, parts: ReadonlyArray<{ readonly fileName: string }>): readonly string[] {
  return [key, ...parts.map(({ fileName }) => siblingKey(key, fileName))]
}

/**
 * Whether a backup may give this name to the file of its part `part`, where its main file is `main`: it begins with
 * the name of the backup and that of the part. Otherwise a manifest could claim files of other backups, which then go
 * with it.
 */
export function isPartFile (fileName: string, main: string, part: string): boolean {
  const base = /^.*-backup-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:-\d+)?(?=\.)/.exec(main)?.[0]
  return base !== undefined && fileName.startsWith(`${partFileName(base, part, '')}.`)
}

/** The file of another part than the main one: `books-backup-2025-11-24T23-30-00.globals.sql.zst`. */
export function partFileName (base: string, part: string, extension: string): string {
  return `${base}.${part.replaceAll('/', '.')}${extension}`
}
