import { constants } from 'node:fs'
import { access, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BackupError, systemCode } from '../core/errors.ts'
import { silentMount } from './silent-mount.ts'

const { R_OK, W_OK, X_OK } = constants

export const READ = R_OK
export const WRITE = W_OK
export const USE = R_OK | W_OK | X_OK

/**
 * Whether the user of this process may; asked of the system, so that lists of rights and read-only mounts count, too.
 */
export async function may (path: string, mode: number): Promise<boolean> {
  await requireAnswer(path)
  try {
    await access(path, mode)
    return true
  } catch {
    return false
  }
}

/** Rejects with `STORE_UNAVAILABLE` where a mount on the way to `path` does not answer: nothing can be asked of it. */
export async function requireAnswer (path: string): Promise<void> {
  const mount = await silentMount(path)
  if (mount !== undefined) {
    throw new BackupError('STORE_UNAVAILABLE', `the mount "${mount}" of "${path}" does not respond`, {
      hint: 'Check that the server of the mount is running and reachable.'
    })
  }
}

/** undefined: there is nothing. Rejects as `requireAnswer`. */
export async function statIfThere (path: string): Promise<Awaited<ReturnType<typeof stat>> | undefined> {
  await requireAnswer(path)
  try {
    return await stat(path)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined
    throw error
  }
}

/** Where links lead: SQLite keeps its WAL beside the real file. The path itself, where there is nothing. */
export async function realPathOf (path: string): Promise<string> {
  return await statIfThere(path) === undefined ? path : await realpath(path)
}

/** The path itself, or the nearest one above it that exists. */
export async function nearestExisting (path: string): Promise<string> {
  return await statIfThere(path) === undefined ? await nearestExisting(dirname(path)) : path
}
