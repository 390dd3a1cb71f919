import { accessSync, constants, existsSync, fchmodSync, fchownSync, fstatSync, lstatSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { BackupError, systemCode } from '../../core/errors.ts'
import type { SnapshotFacts } from '../../core/ports/source.ts'
import type { Folder } from '../../files/folder.ts'
import { noRoom } from '../../files/no-room.ts'
import { sourceError } from './errors.ts'
import { emptyFile, OWNER_ALONE, type FreshFile } from './fresh-file.ts'

/**
 * What a recorded mode may add: a manifest comes from a place that others may write to, so it opens nothing to
 * everybody.
 */
const RECORDABLE = 0o660
/** What of a mode is kept. A database is no program, so that nobody's rights come with it. */
const PERMISSIONS = 0o777

/** The properties of a snapshot that record to whom the database belonged. `fileMode` is in octal. */
export function ownership ({ uid, gid, mode }: Stats): SnapshotFacts['properties'] {
  return { fileUid: uid, fileGid: gid, fileMode: (mode & 0o777).toString(8).padStart(4, '0') }
}

/** Where a new file is to go: the folder, which is held open, the name in it, and the path of both, for people. */
export interface Spot {
  readonly folder: Folder
  readonly name: string
  readonly path: string
}

/**
 * Gives the new, open file `fresh` to the owner of the file that it replaces, with its mode. Where there is none it
 * goes to the owner of the folder, for its owner alone or with the group that was recorded. Returns warnings about what
 * this user may not do in that case. Throws `RESTORE_TARGET_UNWRITABLE` where an existing owner cannot be kept, and
 * `RESTORE_TARGET_INVALID` where something else than a file is there.
 */
export function giveRights (
  fresh: number,
  { folder, name, path }: Spot,
  recorded: SnapshotFacts['properties'] = {}
): string[] {
  const old = lstatSync(folder.at(name), { throwIfNoEntry: false })
  if (old !== undefined) {
    if (!old.isFile()) {
      throw new BackupError('RESTORE_TARGET_INVALID', `"${path}" is no longer a file`, {
        hint: 'Check which process changes the directory. Nothing was restored.'
      })
    }
    if (!isGivenTo(fresh, old)) throw notGiven(path, old)
    fchmodSync(fresh, old.mode & PERMISSIONS)
    return []
  }
  const place = fstatSync(folder.fd)
  const isGiven = isGivenTo(fresh, place)
  fchmodSync(fresh, OWNER_ALONE | modeOf(recorded) & RECORDABLE)
  const wanted = wantedOwner(place, recorded)
  if (isGiven && wanted === ownerOf(place)) return []
  return [
    `"${path}" belongs to ${ownerOf(fstatSync(fresh))}${
      wanted === ownerOf(place) ? '' : `, and the database belonged to ${wanted} at the time of the backup`
    }: if the application cannot open it, run "chown ${wanted} ${path}"`
  ]
}

/**
 * Throws `RESTORE_TARGET_UNWRITABLE` or `SOURCE_UNREADABLE` unless this user may write to the live database and to what
 * SQLite keeps next to it.
 */
export function requireLiveRights (path: string): void {
  requireAccess(path, constants.R_OK)
  const companions = ['-wal', '-shm', '-journal'].map(suffix => path + suffix).filter(companion =>
    existsSync(companion)
  )
  for (const file of [path, ...companions]) requireAccess(file, constants.W_OK)
  if (!['-wal', '-shm'].every(suffix => companions.includes(path + suffix))) {
    requireAccess(dirname(path), constants.W_OK | constants.X_OK)
  }
}

/**
 * Throws unless a new file can be made there and be given to the owner of the file that is there: makes one below
 * the free name `aside` and removes it. `RESTORE_TARGET_UNWRITABLE`, `RESTORE_TARGET_INVALID`.
 */
export function requireReplaceRights (spot: Spot, aside: string): void {
  let trial: FreshFile | undefined
  try {
    trial = emptyFile(spot.folder, aside)
    giveRights(trial.fd, spot)
  } catch (error) {
    throw restoreError(error, dirname(spot.path))
  } finally {
    trial?.remove()
  }
}

/** What the system or SQLite says while the database at `path` is written, in words about writing. */
export function restoreError (error: unknown, path: string): BackupError {
  if (error instanceof BackupError) return error
  const code = systemCode(error) ?? ''
  if (['EACCES', 'EPERM', 'EROFS', 'SQLITE_PERM'].includes(code) || /^SQLITE_(?:READONLY|CANTOPEN)/.test(code)) {
    return unwritable(path, code, error)
  }
  return noRoom(error, dirname(path), 'restore to another path') ?? sourceError(error, path)
}

function requireAccess (path: string, mode: number): void {
  try {
    accessSync(path, mode)
  } catch (error) {
    throw mode === constants.R_OK ? sourceError(error, path) : restoreError(error, path)
  }
}

function unwritable (path: string, code: string, cause: unknown): BackupError {
  return new BackupError('RESTORE_TARGET_UNWRITABLE', `"${path}" is not writable for this user (${code})`, {
    hint: `Give the user with the id ${
      process.geteuid?.() ?? 'of the service'
    } write permission on the database and on its directory, or restore as a user that has it.`,
    cause
  })
}

function notGiven (path: string, old: Stats): BackupError {
  return new BackupError(
    'RESTORE_TARGET_UNWRITABLE',
    `this user has no permission to give a new file to ${ownerOf(old)}, the owner of "${path}"`,
    { hint: 'Restore with the mode "live", which keeps the file, or run the restore as root.' }
  )
}

function isGivenTo (fresh: number, { uid, gid }: Pick<Stats, 'uid' | 'gid'>): boolean {
  const now = fstatSync(fresh)
  if (now.uid === uid && now.gid === gid) return true
  try {
    fchownSync(fresh, uid, gid)
    return true
  } catch (error) {
    if (systemCode(error) !== 'EPERM') throw error
    return false
  }
}

function ownerOf ({ uid, gid }: Pick<Stats, 'uid' | 'gid'>): string {
  return `${uid}:${gid}`
}

function wantedOwner (folder: Stats, { fileUid, fileGid }: SnapshotFacts['properties']): string {
  return typeof fileUid === 'number' && typeof fileGid === 'number' ? `${fileUid}:${fileGid}` : ownerOf(folder)
}

function modeOf ({ fileMode }: SnapshotFacts['properties']): number {
  return typeof fileMode === 'string' && /^[0-7]{3,4}$/.test(fileMode) ? parseInt(fileMode, 8) : 0
}
