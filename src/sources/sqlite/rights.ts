import { accessSync, chmodSync, chownSync, constants, existsSync, mkdirSync, rmSync, statSync, writeFileSync, type Stats } from 'node:fs'
import { dirname, join } from 'node:path'
import { BackupError, systemCode } from '../../core/errors.ts'
import type { SnapshotFacts } from '../../core/source.ts'
import { sourceError } from './errors.ts'

/** Of a database that others may not read. */
export const OWNER_ALONE = 0o600
/** What a recorded mode may add: a manifest comes from a place that others may write to, so it opens nothing to everybody. */
const RECORDABLE = 0o660
const PERMISSIONS = 0o7777

/** The properties of a snapshot that record to whom the database belonged. `fileMode` is in octal. */
export function ownership ({ uid, gid, mode }: Stats): SnapshotFacts['properties'] {
  return { fileUid: uid, fileGid: gid, fileMode: (mode & 0o777).toString(8).padStart(4, '0') }
}

/**
 * Gives the new file `fresh` to the owner of the file `path` that it replaces, with its mode. Where there is none it goes
 * to the owner of the folder, for its owner alone or with the group that was recorded. Returns warnings about what this
 * user may not do in that case. Throws `RESTORE_TARGET_UNWRITABLE` where an existing owner cannot be kept.
 */
export function giveRights (fresh: string, path: string, recorded: SnapshotFacts['properties'] = {}): string[] {
  const old = statSync(path, { throwIfNoEntry: false })
  if (old !== undefined) {
    if (!isGivenTo(fresh, old)) throw notGiven(path, old)
    chmodSync(fresh, old.mode & PERMISSIONS)
    return []
  }
  const folder = statSync(dirname(path))
  const isGiven = isGivenTo(fresh, folder)
  chmodSync(fresh, OWNER_ALONE | modeOf(recorded) & RECORDABLE)
  const wanted = wantedOwner(folder, recorded)
  if (isGiven && wanted === ownerOf(folder)) return []
  return [`"${path}" belongs to ${ownerOf(statSync(fresh))}${wanted === ownerOf(folder) ? '' : `, and the database belonged to ${wanted} when it was backed up`}: if the application cannot open it, run "chown ${wanted} ${path}"`]
}

/** Throws `RESTORE_TARGET_UNWRITABLE` or `SOURCE_UNREADABLE` unless this user may write to the live database and to what SQLite keeps next to it. */
export function requireLiveRights (path: string): void {
  requireAccess(path, constants.R_OK)
  const companions = ['-wal', '-shm', '-journal'].map(suffix => path + suffix).filter(companion => existsSync(companion))
  for (const file of [path, ...companions]) requireAccess(file, constants.W_OK)
  if (!['-wal', '-shm'].every(suffix => companions.includes(path + suffix))) requireAccess(dirname(path), constants.W_OK | constants.X_OK)
}

/**
 * Throws unless a new file can be made next to `path` and be given to the owner of the file that is there: makes one below
 * the free name `trial` and removes it. `RESTORE_TARGET_UNWRITABLE`, `RESTORE_TARGET_INVALID`.
 */
export function requireReplaceRights (path: string, trial: string): void {
  const folder = dirname(path)
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw new BackupError('RESTORE_TARGET_INVALID', `"${folder}", where the database belongs, is not a directory`, { hint: 'Make the directory, mount the disk that it is on, or correct the symbolic link.' })
  try {
    mkdirSync(trial, { mode: 0o700 })
    writeFileSync(join(trial, 'trial'), '', { mode: OWNER_ALONE })
    giveRights(join(trial, 'trial'), path)
  } catch (error) {
    throw restoreError(error, folder)
  } finally {
    rmSync(trial, { recursive: true, force: true })
  }
}

/** What the system or SQLite says while the database at `path` is written, in words about writing. */
export function restoreError (error: unknown, path: string): BackupError {
  if (error instanceof BackupError) return error
  const code = systemCode(error) ?? ''
  if (['EACCES', 'EPERM', 'EROFS', 'SQLITE_PERM'].includes(code) || /^SQLITE_(?:READONLY|CANTOPEN)/.test(code)) return unwritable(path, code, error)
  if (code === 'ENOSPC' || code === 'EDQUOT') return new BackupError('DISK_FULL', `the disk of "${path}" has no room for the restored database`, { hint: 'Free space there, or restore to another path.', cause: error })
  return sourceError(error, path)
}

function requireAccess (path: string, mode: number): void {
  try {
    accessSync(path, mode)
  } catch (error) {
    throw mode === constants.R_OK ? sourceError(error, path) : restoreError(error, path)
  }
}

function unwritable (path: string, code: string, cause: unknown): BackupError {
  return new BackupError('RESTORE_TARGET_UNWRITABLE', `"${path}" cannot be written to by this user (${code})`, { hint: `Give the user with the id ${process.geteuid?.() ?? 'of the service'} write permission on the database and on its folder, or restore as a user that has it.`, cause })
}

function notGiven (path: string, old: Stats): BackupError {
  return new BackupError('RESTORE_TARGET_UNWRITABLE', `this user may not give a new file to ${ownerOf(old)}, the owner of "${path}"`, { hint: 'Restore with the mode "live", which keeps the file, or as root.' })
}

function isGivenTo (fresh: string, { uid, gid }: Pick<Stats, 'uid' | 'gid'>): boolean {
  const now = statSync(fresh)
  if (now.uid === uid && now.gid === gid) return true
  try {
    chownSync(fresh, uid, gid)
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
