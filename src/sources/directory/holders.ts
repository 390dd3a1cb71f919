import type { Dirent } from 'node:fs'
import { opendir, readlink } from 'node:fs/promises'
import type { Holder } from '../../core/restore/restore.ts'
import { contains } from '../../files/contains.ts'
import { holderOf, isOtherProcess, PROC, type Budget } from '../proc.ts'

/** So many descriptors are looked at. */
const MOST_DESCRIPTORS = 200_000
/** Processes that are looked for. */
const MOST_HOLDERS = 20

/**
 * The processes that have a file open in the tree at `path`, or `path` itself, as far as the system shows them to this
 * user. Without `/proc` there are none. https://man7.org/linux/man-pages/man5/proc_pid_fd.5.html
 */
export async function holdersOf (path: string, signal: AbortSignal): Promise<readonly Holder[]> {
  const budget: Budget = { left: MOST_DESCRIPTORS }
  const holders: Holder[] = []
  for await (const { name } of listed(PROC)) {
    signal.throwIfAborted()
    if (holders.length === MOST_HOLDERS || budget.left <= 0) break
    if (isOtherProcess(name) && await holds(name, path, budget)) holders.push(holderOf(Number(name)))
  }
  return holders
}

async function holds (pid: string, path: string, budget: Budget): Promise<boolean> {
  for await (const { name } of listed(`${PROC}/${pid}/fd`)) {
    if (--budget.left < 0) return false
    const target = await readlink(`${PROC}/${pid}/fd/${name}`).catch(() => '')
    if (contains(path, target)) return true
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
