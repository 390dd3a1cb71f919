import type { Dirent } from 'node:fs'
import { opendir, readFile, readlink } from 'node:fs/promises'
import type { Holder } from '../../core/restore/restore.ts'

const PROC = '/proc'
/** So many descriptors are looked at: a process may have hundreds of thousands. */
const MOST_DESCRIPTORS = 200_000
/** Processes that are named. */
const NAMED = 20
/** Characters of the command of a process. */
const COMMAND = 200

/**
 * The processes that have a file open in the tree at `path`, or `path` itself, as far as the system shows them to this
 * user. Without `/proc` there are none. https://man7.org/linux/man-pages/man5/proc_pid_fd.5.html
 */
export async function holdersOf (path: string, signal: AbortSignal): Promise<readonly Holder[]> {
  const budget = { left: MOST_DESCRIPTORS }
  const holders: Holder[] = []
  for await (const { name } of listed(PROC)) {
    signal.throwIfAborted()
    if (holders.length === NAMED || budget.left <= 0) break
    const pid = /^\d+$/.test(name) ? Number(name) : 0
    if (pid === 0 || pid === process.pid || !await holds(pid, path, budget)) continue
    holders.push({ pid, command: await commandOf(pid) })
  }
  return holders
}

async function holds (pid: number, path: string, budget: { left: number }): Promise<boolean> {
  for await (const { name } of listed(`${PROC}/${pid}/fd`)) {
    if (--budget.left < 0) return false
    const target = await readlink(`${PROC}/${pid}/fd/${name}`).catch(() => '')
    if (target === path || target.startsWith(`${path}/`)) return true
  }
  return false
}

/** Processes end while they are looked at, and those of other users cannot be looked into. */
async function* listed (directory: string): AsyncGenerator<Dirent, void> {
  try {
    yield* await opendir(directory)
  } catch {
    // Nothing more is shown.
  }
}

async function commandOf (pid: number): Promise<string> {
  const text = await readFile(`${PROC}/${pid}/cmdline`, 'latin1').catch(() => '')
  return text.replaceAll('\0', ' ').trim().slice(0, COMMAND)
}

export function describeHolders (holders: readonly Holder[]): string {
  return holders.map(({ pid, command }) => command === '' ? `process ${pid}` : `process ${pid} (${command})`).join(', ')
}
