import { readdirSync, statSync, type Stats } from 'node:fs'
import type { Holder } from '../../core/restore/restore.ts'
import { descriptorsIn, holderOf, isOtherProcess, PROC, unlessGone, type Budget } from '../proc.ts'

/**
 * The processes, but for this one, that have the file open: found by device and inode among their descriptors, so that
 * another name of the file does not hide them. Those of other users are seen by root alone, and on systems without
 * `/proc` nobody is: an empty answer is no proof.
 */
export function holdersOf (path: string): readonly Holder[] {
  const file = statSync(path, { throwIfNoEntry: false })
  if (file === undefined) return []
  return entriesOf(PROC)
    .filter(name => isOtherProcess(name) && hasOpen(name, file))
    .map(name => holderOf(Number(name)))
}

/**
 * Whether a process, but for this one, has the file open, or may have: there are more descriptors than the budget,
 * which this takes from, has left.
 */
export function mayBeHeld (path: string, budget: Budget): boolean {
  const file = statSync(path, { throwIfNoEntry: false })
  if (file === undefined) return false
  const pids = entriesOf(PROC).filter(isOtherProcess)
  return pids.some(pid => hasOpen(pid, file, descriptorsIn(`${PROC}/${pid}/fd`, budget))) || budget.left <= 0
}

function hasOpen (pid: string, file: Stats, descriptors = entriesOf(`${PROC}/${pid}/fd`)): boolean {
  return descriptors.some(fd => {
    const found = unlessGone(() => statSync(`${PROC}/${pid}/fd/${fd}`))
    return found?.ino === file.ino && found.dev === file.dev
  })
}

function entriesOf (directory: string): readonly string[] {
  return unlessGone(() => readdirSync(directory)) ?? []
}
