import { constants } from 'node:fs'
import { access, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemCode } from '../../core/errors.ts'

const { R_OK, W_OK, X_OK } = constants

export const READ = R_OK
export const WRITE = W_OK
export const USE = R_OK | W_OK | X_OK

/** Whether the user of this process may; asked of the system, so that lists of rights and read-only mounts count, too. */
export async function may (path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode)
    return true
  } catch {
    return false
  }
}

/** undefined: there is nothing. */
export async function statIfThere (path: string): Promise<Awaited<ReturnType<typeof stat>> | undefined> {
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
