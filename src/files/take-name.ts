import { closeSync, linkSync, openSync, renameSync, rmSync } from 'node:fs'
import { systemCode } from '../core/errors.ts'

/** Gives a file a second name, as `linkSync` does. */
export type Link = (from: string, to: string) => void

/** Whether a link could not be made because the file system, or this file, does not allow any. */
export function lacksLinks (error: unknown): boolean {
  return ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'].includes(systemCode(error) ?? '')
}

/**
 * Gives the file `from` the name `to` and never overwrites: throws `EEXIST` where that is taken. `from` may be gone
 * afterwards or not. Where the file system has no hard links, the name is taken by an empty file, which is then
 * replaced.
 */
export function takeName (from: string, to: string, link: Link = linkSync): void {
  try {
    link(from, to)
    return
  } catch (error) {
    if (!lacksLinks(error)) throw error
  }
  closeSync(openSync(to, 'wx', 0o600))
  try {
    renameSync(from, to)
  } catch (error) {
    rmSync(to, { force: true })
    throw error
  }
}
