import { opendirSync, readFileSync } from 'node:fs'
import type { Holder } from '../core/restore/restore.ts'

/** What the system shows of its processes; systems without it show nothing. https://man7.org/linux/man-pages/man5/proc.5.html */
export const PROC = '/proc'
/** A command line is shown up to here. Characters. */
const COMMAND = 120
/** So many processes are named in a message. */
const NAMED = 10

/** How many descriptors may still be looked at: a process may have hundreds of thousands. */
export interface Budget {
  left: number
}

/** Whether the name in `/proc` is that of a process other than this one. */
export function isOtherProcess (name: string): boolean {
  return /^\d+$/.test(name) && Number(name) !== process.pid
}

/** The numbers of what a process has open, as far as the budget goes. */
export function descriptorsIn (directory: string, budget: Budget): readonly string[] {
  const found: string[] = []
  const opened = unlessGone(() => opendirSync(directory))
  if (opened === undefined) return found
  try {
    for (let entry = opened.readSync(); entry !== null && budget.left > 0; entry = opened.readSync(), budget.left--) {
      found.push(entry.name)
    }
  } catch {
    // It ended meanwhile: what was found is gone as well.
  } finally {
    opened.closeSync()
  }
  return found
}

export function holderOf (pid: number): Holder {
  const words = unlessGone(() => readFileSync(`${PROC}/${pid}/cmdline`, 'utf8')) ?? ''
  return { pid, command: words.replaceAll(/[\0\s]+/g, ' ').trim().slice(0, COMMAND) }
}

/** `4711 (node server.js), 4712 (sqlite3 app.db)` */
export function describeHolders (holders: readonly Holder[]): string {
  const named = holders.slice(0, NAMED).map(({ pid, command }) => command === '' ? String(pid) : `${pid} (${command})`)
    .join(', ')
  return holders.length > NAMED ? `${named} and ${holders.length - NAMED} more` : named
}

/** Processes end while they are looked at, and those of others may be closed to us. */
export function unlessGone<T> (read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
