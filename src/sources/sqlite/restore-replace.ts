import { linkSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type Database from 'better-sqlite3'
import { BackupError, systemCode } from '../../core/errors.ts'
import type { ImageOutline, Placed, PlainImage, Placement } from '../../core/restore.ts'
import { lacksLinks, type Link } from '../../files/take-name.ts'
import { requireParent } from '../child.ts'
import { freshFile, freshName, requireRoom, sync, syncWarnings } from './fresh-file.ts'
import { describeHolders, holdersOf } from './holders.ts'
import { openShared } from './open.ts'
import { giveRights, requireReplaceRights } from './rights.ts'

/** What SQLite keeps beside a database. Left beside another one, they would be taken for a part of it and damage it. */
const COMPANIONS = ['-wal', '-journal', '-shm'] as const

/**
 * Throws what would keep the file from being replaced: somebody has it open (`RESTORE_TARGET_OPEN`, which names whom), or
 * there is too little room beside it. Changes nothing that a reader could see.
 */
export function checkReplace ({ size }: Pick<ImageOutline, 'size'>, { path, timeout, aside }: Placement): void {
  const holders = holdersOf(path)
  if (holders.length > 0) throw targetOpen(path, describeHolders(holders))
  requireReplaceRights(path, freshName(aside))
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) settleAlone(path, timeout)
  requireRoom(size, path)
}

/**
 * Puts the image in the place of the file `path`, which nobody may have open. The old file, if there was one, is kept as
 * `aside` with what belongs to it; says whether. The new file has its owner and mode. The swap is one rename: a crash
 * leaves the old database or the new one, and `undoHalfReplaced` puts right what it left beside.
 */
export function replaceFile (image: PlainImage, placement: Placement, onBytes: (bytes: number) => void, link: Link = linkSync): Pick<Placed, 'isOldKept' | 'warnings'> {
  const { path, aside } = placement
  checkReplace(statSync(image.path), placement)
  const fresh = freshFile(image, placement, onBytes)
  try {
    const warnings = giveRights(fresh, path, image.properties)
    requireParent()
    setAside(path, aside, link)
    renameSync(fresh, path)
    return { isOldKept: isKept(aside), warnings: [...warnings, ...syncWarnings(dirname(path))] }
  } catch (error) {
    undoHalfReplaced(path, aside)
    throw error
  } finally {
    rmSync(freshName(aside), { recursive: true, force: true })
  }
}

/** The old file gets a second name, and what belongs to it goes there: what stays at its place is the bare file. Where it is missing, its log may still lie there. */
function setAside (target: string, aside: string, link: Link): void {
  if (exists(target)) secondName(target, aside, link)
  for (const suffix of COMPANIONS) {
    if (exists(target + suffix)) renameSync(target + suffix, aside + suffix)
  }
  sync(dirname(target))
}

/** A file system without hard links gives the old file its new name first; `undoHalfReplaced` gives it back after a crash. */
function secondName (target: string, aside: string, link: Link): void {
  try {
    link(target, aside)
  } catch (error) {
    if (!lacksLinks(error)) throw error
    renameSync(target, aside)
  }
}

/** Whether anything was set aside under that name. */
function isKept (aside: string): boolean {
  return ['', ...COMPANIONS].some(suffix => exists(aside + suffix))
}

function exists (path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

/**
 * Gives the old file back what belongs to it, where it was not replaced after all, and removes the new one if it did not
 * get its name. May be repeated. Says whether an old file is kept aside.
 */
export function undoHalfReplaced (target: string, aside: string): boolean {
  rmSync(freshName(aside), { recursive: true, force: true })
  if (!exists(target) && exists(aside)) renameSync(aside, target)
  const [here, there] = [target, aside].map(path => statSync(path, { throwIfNoEntry: false }))
  if (here?.ino !== there?.ino || here?.dev !== there?.dev) return isKept(aside)
  for (const suffix of COMPANIONS) {
    if (exists(aside + suffix)) renameSync(aside + suffix, target + suffix)
  }
  rmSync(aside, { force: true })
  if (exists(dirname(target))) sync(dirname(target))
  return false
}

/** Removes a file that was set aside, and what belongs to it. */
export function discardAside (aside: string): void {
  for (const suffix of [...COMPANIONS, '']) rmSync(aside + suffix, { force: true })
}

/**
 * Makes sure by SQLite's own locks that no other connection is there, and brings what stands in the log into the file, so
 * that what is set aside is one whole file. One that SQLite cannot read is left as it is: it is to be replaced, after all.
 */
function settleAlone (target: string, timeout: number): void {
  let db: Database.Database | undefined
  try {
    db = openShared(target, { readonly: false, busyTimeout: timeout })
    db.pragma('locking_mode = EXCLUSIVE')
    db.exec('BEGIN EXCLUSIVE; COMMIT')
    db.pragma('wal_checkpoint(TRUNCATE)')
  } catch (error) {
    if (systemCode(error)?.startsWith('SQLITE_BUSY') === true) throw targetOpen(target, 'which one, the system does not tell')
  } finally {
    db?.close()
  }
}

function targetOpen (target: string, who: string): BackupError {
  return new BackupError('RESTORE_TARGET_OPEN', `"${target}" is open in another process: ${who}`, { hint: 'Stop the application first, or restore with the mode "live".' })
}
