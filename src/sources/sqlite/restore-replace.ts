import { fsyncSync, linkSync, lstatSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type Database from 'better-sqlite3'
import { BackupError, systemCode } from '../../core/errors.ts'
import type { Placed, Placement } from '../../core/restore/restore.ts'
import type { ImageOutline, PlainImage } from './restore-protocol.ts'
import { openFolder, type Folder } from '../../files/folder.ts'
import { lacksLinks, type Link } from '../../files/take-name.ts'
import { requireParent } from '../child.ts'
import { freshFile, removeFresh, requireInPlace, requireRoom, syncWarnings } from './fresh-file.ts'
import { holdersOf } from './holders.ts'
import { describeHolders } from '../proc.ts'
import { openShared } from './open.ts'
import { giveRights, requireReplaceRights, type Spot } from './rights.ts'

/** What SQLite keeps beside a database. Left beside another one, they would be taken for a part of it and damage it. */
const COMPANIONS = ['-wal', '-journal', '-shm'] as const

/**
 * Throws what would keep the file from being replaced: somebody has it open (`RESTORE_TARGET_OPEN`, which names whom),
 * or there is too little room beside it. Changes nothing that a reader could see.
 */
export function checkReplace (image: Pick<ImageOutline, 'size'>, placement: Placement): void {
  const spot = openSpot(placement.path)
  try {
    check(image, placement, spot)
  } finally {
    spot.folder.close()
  }
}

function check ({ size }: Pick<ImageOutline, 'size'>, { path, timeout, aside }: Placement, spot: Spot): void {
  const holders = holdersOf(path)
  if (holders.length > 0) throw targetOpen(path, describeHolders(holders))
  requireReplaceRights(spot, basename(aside))
  if (exists(spot.folder.at(spot.name))) settleAlone(path, timeout)
  requireRoom(size, path)
}

function openSpot (path: string): Spot {
  const folder = dirname(path)
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new BackupError('RESTORE_TARGET_INVALID', `"${folder}", the directory of the database, is not a directory`, {
      hint: 'Create the directory, mount its disk, or correct the symbolic link.'
    })
  }
  return { folder: openFolder(folder), name: basename(path), path }
}

/**
 * Puts the image in the place of the file `path`, which nobody may have open. The old file, if there was one, is kept
 * as `aside` with what belongs to it; says whether. The new file has its owner and mode. The swap is one rename: a
 * crash leaves the old database or the new one, and `undoHalfReplaced` puts right what it left beside.
 *
 * The folder may belong to another user, who can exchange what is in it meanwhile: everything is done in the folder
 * that is held open, and to the open file. Throws `RESTORE_TARGET_INVALID` where something else has the name
 * afterwards.
 */
export function replaceFile (
  image: PlainImage,
  placement: Placement,
  onBytes: (bytes: number) => void,
  link: Link = linkSync
): Pick<Placed, 'isOldKept' | 'warnings'> {
  const { path } = placement
  const spot = openSpot(path)
  const aside = basename(placement.aside)
  try {
    check(statSync(image.path), placement, spot)
    const fresh = freshFile(image, spot.folder, { target: path, aside }, onBytes)
    try {
      const warnings = giveRights(fresh.fd, spot, image.properties)
      requireParent()
      setAside(spot, aside, link)
      renameSync(fresh.path, spot.folder.at(spot.name))
      requireInPlace(fresh, path)
      return {
        isOldKept: isKept(spot.folder, aside),
        warnings: [...warnings, ...syncWarnings(dirname(path), spot.folder)]
      }
    } catch (error) {
      undo(spot, aside)
      throw error
    } finally {
      fresh.remove()
    }
  } finally {
    spot.folder.close()
  }
}

/**
 * The old file gets a second name, and what belongs to it goes there: what stays at its place is the bare file. Where
 * it is missing, its log may still lie there.
 */
function setAside ({ folder, name }: Spot, aside: string, link: Link): void {
  const [here, there] = [folder.at(name), folder.at(aside)]
  if (exists(here)) secondName(here, there, link)
  for (const suffix of COMPANIONS) {
    if (exists(here + suffix)) renameSync(here + suffix, there + suffix)
  }
  fsyncSync(folder.fd)
}

/**
 * A file system without hard links gives the old file its new name first; `undoHalfReplaced` gives it back after a
 * crash.
 */
function secondName (target: string, aside: string, link: Link): void {
  try {
    link(target, aside)
  } catch (error) {
    if (!lacksLinks(error)) throw error
    renameSync(target, aside)
  }
}

/** Whether anything was set aside under that name. */
function isKept (folder: Folder, aside: string): boolean {
  return ['', ...COMPANIONS].some(suffix => exists(folder.at(aside + suffix)))
}

function exists (path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

/**
 * Gives the old file back what belongs to it, where it was not replaced after all, and removes the new one if it did
 * not get its name. May be repeated. Says whether an old file is kept aside. Throws `RESTORE_TARGET_INVALID` where the
 * path leads to another folder since.
 */
export function undoHalfReplaced (target: string, aside: string): boolean {
  if (statSync(dirname(target), { throwIfNoEntry: false }) === undefined) return false
  const folder = openFolder(dirname(target))
  try {
    return undo({ folder, name: basename(target), path: target }, basename(aside))
  } finally {
    folder.close()
  }
}

function undo ({ folder, name }: Spot, aside: string): boolean {
  removeFresh(folder, aside)
  const [target, kept] = [folder.at(name), folder.at(aside)]
  const hasNoName = !exists(target) && exists(kept)
  const [here, there] = [target, kept].map(path => lstatSync(path, { throwIfNoEntry: false }))
  if (!hasNoName && (here?.ino !== there?.ino || here?.dev !== there?.dev)) return isKept(folder, aside)
  giveBack(folder, kept, target)
  return false
}

/** The file itself is last: its log and journal are next to it as soon as it has its name. */
function giveBack (folder: Folder, kept: string, target: string): void {
  for (const suffix of COMPANIONS) {
    if (exists(kept + suffix)) renameSync(kept + suffix, target + suffix)
  }
  if (exists(target)) rmSync(kept, { force: true })
  else if (exists(kept)) renameSync(kept, target)
  fsyncSync(folder.fd)
}

/**
 * Undoes `replaceFile`: the new file is removed, and the old one, kept as `aside`, gets its name back with what belongs
 * to it. `hadContent` false: no database was there before. Does nothing where the old one has its name. May be
 * repeated, also after a crash. Throws `RESTORE_TARGET_INVALID` where the path leads to another folder since.
 */
export function undoReplaced (target: string, aside: string, hadContent: boolean): void {
  if (statSync(dirname(target), { throwIfNoEntry: false }) === undefined) return
  const folder = openFolder(dirname(target))
  try {
    const spot: Spot = { folder, name: basename(target), path: target }
    const [here, kept] = [folder.at(spot.name), folder.at(basename(aside))]
    if (!undo(spot, basename(aside)) && (hadContent || !exists(here))) return
    // Left behind, what belongs to the new file would be taken for a part of the old one.
    for (const suffix of [...COMPANIONS, '']) rmSync(here + suffix, { force: true })
    giveBack(folder, kept, here)
  } finally {
    folder.close()
  }
}

/** Removes a file that was set aside, and what belongs to it. */
export function discardAside (aside: string): void {
  const folder = openFolder(dirname(aside))
  try {
    for (const suffix of [...COMPANIONS, '']) rmSync(folder.at(basename(aside) + suffix), { force: true })
  } finally {
    folder.close()
  }
}

/**
 * Makes sure by SQLite's own locks that no other connection is there, and brings what stands in the log into the file,
 * so that what is set aside is one whole file. One that SQLite cannot read is left as it is: it is to be replaced,
 * after all.
 */
function settleAlone (target: string, timeout: number): void {
  let db: Database.Database | undefined
  try {
    db = openShared(target, { readonly: false, busyTimeout: timeout })
    db.pragma('locking_mode = EXCLUSIVE')
    db.exec('BEGIN EXCLUSIVE; COMMIT')
    db.pragma('wal_checkpoint(TRUNCATE)')
  } catch (error) {
    if (systemCode(error)?.startsWith('SQLITE_BUSY') === true) {
      throw targetOpen(target, 'the system does not report which one')
    }
  } finally {
    db?.close()
  }
}

function targetOpen (target: string, who: string): BackupError {
  return new BackupError('RESTORE_TARGET_OPEN', `"${target}" is open in another process: ${who}`, {
    hint: 'Stop the application first, or restore with the mode "live".'
  })
}
