import { readdirSync, readFileSync, statSync, type Stats } from 'node:fs'
import type { Holder } from '../../core/restore/restore.ts'
import { descriptorsIn, unlessGone, type Budget } from './processes.ts'

const PROC = '/proc'
/** A command line is shown up to here. */
const COMMAND = 120
/** So many processes are named in a message. */
const NAMED = 10

/**
 * The processes, but for this one, that have the file open: found by device and inode among their descriptors, so that
 * another name of the file does not hide them. Those of other users are seen by root alone, and on systems without
 * `/proc` nobody is: an empty answer is no proof.
 */
export function holdersOf (path: string): readonly Holder[] {
  const file = statSync(path, { throwIfNoEntry: false })
  if (file === undefined) return []
  return entriesOf(PROC)
    .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid && hasOpen(name, file))
    .map(name => holderOf(Number(name)))
}

/**
 * Whether a process, but for this one, has the file open, or may have: there are more descriptors than the budget,
 * which this takes from, has left.
 */
export function mayBeHeld (path: string, budget: Budget): boolean {
  const file = statSync(path, { throwIfNoEntry: false })
  if (file === undefined) return false
  const pids = entriesOf(PROC).filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
  return pids.some(pid => hasOpen(pid, file, descriptorsIn(`${PROC}/${pid}/fd`, budget))) || budget.left <= 0
}

export function holderOf (pid: number): Holder {
  return { pid, command: commandOf(String(pid)) }
}

function hasOpen (pid: string, file: Stats, descriptors = entriesOf(`${PROC}/${pid}/fd`)): boolean {
  return descriptors.some(fd => {
    const found = unlessGone(() => statSync(`${PROC}/${pid}/fd/${fd}`))
    return found?.ino === file.ino && found.dev === file.dev
  })
}

function commandOf (pid: string): string {
  const words = unlessGone(() => readFileSync(`${PROC}/${pid}/cmdline`, 'utf8')) ?? ''
  return words.replaceAll(/[\0\s]+/g, ' ').trim().slice(0, COMMAND)
}

function entriesOf (directory: string): readonly string[] {
  return unlessGone(() => readdirSync(directory)) ?? []
}

/** `4711 (node server.js), 4712 (sqlite3 app.db)` */
export function describeHolders (holders: readonly Holder[]): string {
  const named = holders.slice(0, NAMED).map(({ pid, command }) => command === '' ? String(pid) : `${pid} (${command})`)
    .join(', ')
  return holders.length > NAMED ? `${named} and ${holders.length - NAMED} more` : named
}
