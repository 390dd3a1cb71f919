import { cleanupSignal } from '../../core/cleanup-signal.ts'
import { QUARANTINE, TRASH, manifestKey, objectKey, partFileName } from '../../core/backup/object-key.ts'
import type { BackupPart } from '../../core/ports/part.ts'
import { BackupError } from '../../core/errors.ts'
import { hasObject } from '../../pipeline/find-object.ts'
import type { EngineDeps } from '../deps.ts'

/** More backups of one source than are made within one second. */
const ATTEMPTS = 1000

export interface PartFile {
  readonly name: string
  /** All that comes after the name of the backup: `.db.zst.age`. */
  readonly extension: string
}

export interface FileNames {
  /** Of the main part. */
  readonly key: string
  /** The others, in their order. */
  readonly parts: readonly BackupPart[]
}

/**
 * Names for the files of a new backup that nothing has; the main part is the first. Throws `OBJECT_EXISTS` where none
 * is left for this second, `VALIDATION_FAILED` for a name of a source that cannot be that of a file, or what the store
 * throws.
 */
export async function freeNames (
  deps: EngineDeps,
  source: string,
  startedAt: Date,
  [main, ...others]: readonly [PartFile, ...PartFile[]]
): Promise<FileNames> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const base = objectKey(source, startedAt, '', attempt)
    const parts = others.map(({ name, extension }) => ({
      name,
      fileName: partFileName(base, name, extension),
      size: null,
      checksum: null
    }))
    const names = [base + main.extension, ...parts.map(({ fileName }) => fileName)]
    if (!await isAnyTaken(deps, source, names)) return { key: base + main.extension, parts }
  }
  throw new BackupError('OBJECT_EXISTS', `the store already has ${ATTEMPTS} backups of "${source}" from this second`, {
    hint: 'Check the clock of the machine.'
  })
}

/**
 * Also where the files may have to go later: into the trash, or aside; and where a backup of that name is only in other
 * stores.
 */
async function isAnyTaken (
  deps: EngineDeps,
  source: string,
  [key = '', ...others]: readonly string[]
): Promise<boolean> {
  if (await deps.catalog.backups.isNamed(source, key)) return true
  const signal = cleanupSignal()
  for (const prefix of ['', TRASH, QUARANTINE]) {
    for (const name of [key, manifestKey(key), ...others]) {
      if (await hasObject(deps.store, prefix + name, signal)) return true
    }
  }
  return false
}
