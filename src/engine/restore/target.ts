import { lstat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, normalize } from 'node:path'
import { BackupError } from '../../core/errors.ts'
import type { RestoreMode } from '../../core/restore/restore.ts'
import { contains } from '../../files/contains.ts'
import { followedPath } from '../../files/followed-path.ts'
import { realPath } from '../../files/real-path.ts'
import { silentMount } from '../../files/silent-mount.ts'
import type { EngineDeps } from '../deps.ts'

/**
 * Throws unless something may be put there: `VALIDATION_FAILED`, `RESTORE_TARGET_INVALID` for places of ours and of
 * sources, for names of what stands next to a source of some kind, and where a mount does not answer.
 */
export async function requireTarget (
  deps: Pick<EngineDeps, 'ownerOf' | 'kinds'>,
  target: string,
  mode: RestoreMode | undefined
): Promise<void> {
  if (!isAbsolute(target) || target.includes('\0')) {
    throw new BackupError('VALIDATION_FAILED', `"target" is "${target}", which is not an absolute path`, {
      hint: 'Give a path that begins with a slash.'
    })
  }
  requireNoMode(mode)
  const mount = await silentMount(target)
  if (mount !== undefined) {
    throw new BackupError('RESTORE_TARGET_INVALID', `"${target}" is on the mount "${mount}", which does not respond`, {
      hint: 'Check the server of the mount, or choose another path.'
    })
  }
  const owner = await deps.ownerOf(target)
  if (owner !== undefined) {
    const hint = !owner.isItself
      ? 'Choose a path that is not in a place of the service or of a source, and does not contain one.'
      : owner.source === null
      ? 'Choose another path.'
      : 'Omit "target" to restore a source: then its current content is backed up first.'
    throw new BackupError('RESTORE_TARGET_INVALID', `"${target}" is ${owner.what}`, { hint })
  }
  for (const { noun, companions } of deps.kinds.values()) {
    const suffix = companions?.suffixes.find(one => target.endsWith(one))
    if (suffix === undefined) continue
    throw new BackupError(
      'RESTORE_TARGET_INVALID',
      `"${target}" ends with "${suffix}", which ${companions?.software} treats as a part of the ${noun} next to it`,
      { hint: 'Choose another name.' }
    )
  }
}

/** Throws `VALIDATION_FAILED` for a mode together with a target. */
export function requireNoMode (mode: RestoreMode | undefined): void {
  if (mode === undefined) return
  throw new BackupError('VALIDATION_FAILED', `"mode" is "${mode}", which is only valid for a restore to the source`, {
    hint: 'Omit "mode" or "target".'
  })
}

/**
 * The target with its directory spelled without links, where a caller without a shell may have a restore written.
 * Throws `RESTORE_TARGET_FORBIDDEN` for what is in none of the directories that the configuration names for that, and
 * `RESTORE_TARGET_INVALID` for a link. `requireTarget` comes before.
 */
export async function confinedTarget (
  { restoreDirs }: Pick<EngineDeps, 'restoreDirs'>,
  target: string
): Promise<string> {
  const folder = await realPath(dirname(normalize(target)))
  const allowed = await Promise.all(restoreDirs.map(realPath))
  if (
    !allowed.some(directory => contains(directory, folder))
  ) {
    const why = restoreDirs.length === 0
      ? 'RESTORE_DIRS is not set'
      : `it is not in one of the directories of RESTORE_DIRS: ${restoreDirs.map(one => `"${one}"`).join(', ')}`
    throw new BackupError('RESTORE_TARGET_FORBIDDEN', `"${target}" is not allowed: ${why}`, {
      hint:
        'Add the directory to RESTORE_DIRS and restart the service, run "holdfast restore" on the server, or omit "target" to restore the source itself.'
    })
  }
  const path = join(folder, basename(normalize(target)))
  const found = await lstat(path).catch(() => undefined)
  if (found?.isSymbolicLink() === true) {
    throw new BackupError('RESTORE_TARGET_INVALID', `"${target}" is a symbolic link`, {
      hint: 'Give the path of a file.'
    })
  }
  return path
}

/**
 * The target, once the links of its directory are followed. Throws `RESTORE_TARGET_INVALID` for one that is not
 * followed (`followedPath`).
 */
export function followedTarget (target: string): string {
  return join(followedPath(dirname(target), 'RESTORE_TARGET_INVALID'), basename(target))
}
