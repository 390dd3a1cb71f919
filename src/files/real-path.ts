import { readlinkSync, realpathSync } from 'node:fs'
import { readlink, realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { systemCode } from '../core/errors.ts'
import { MOST_LINKS } from './followed-path.ts'
import { silentMount, silentMountSync } from './silent-mount.ts'

/**
 * Where `path` leads to: symbolic links are resolved, also those of directories, those that lead to a file that does
 * not exist yet, and one after the other. Returns `path` itself where links lead in a circle or may not be read, and
 * where a mount on the way does not answer.
 */
export async function realPath (path: string): Promise<string> {
  return await silentMount(path) === undefined ? await followed(path, MOST_LINKS) : path
}

async function followed (path: string, links: number): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (isEnd(error, path, links)) return path
    const folder = await followed(dirname(path), links)
    const here = join(folder, basename(path))
    const target = await readlink(here).catch(() => undefined)
    return target === undefined ? here : await followed(resolve(folder, target), links - 1)
  }
}

/** As `realPath`, at once: for paths of the configuration, at the start. */
export function realPathSync (path: string): string {
  return silentMountSync(path) === undefined ? followedSync(path, MOST_LINKS) : path
}

function followedSync (path: string, links: number): string {
  try {
    return realpathSync.native(path)
  } catch (error) {
    if (isEnd(error, path, links)) return path
    const folder = followedSync(dirname(path), links)
    const here = join(folder, basename(path))
    const target = linkTarget(here)
    return target === undefined ? here : followedSync(resolve(folder, target), links - 1)
  }
}

/** Whether nothing can be followed any further. */
function isEnd (error: unknown, path: string, links: number): boolean {
  return !['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '') || dirname(path) === path || links === 0
}

function linkTarget (path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
