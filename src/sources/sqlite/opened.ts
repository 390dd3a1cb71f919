import { readdirSync, readlinkSync } from 'node:fs'
import { BackupError } from '../../core/errors.ts'
import { pathOf } from '../../files/descriptor-path.ts'
import { unlessGone } from '../proc.ts'

const DESCRIPTORS = '/proc/self/fd'

/**
 * Throws `SOURCE_REPLACED` unless the open file `fd` is the one at `path`, which has no symbolic link in it: a
 * directory on the way may have been exchanged for a link after it was looked at.
 */
export function requireAt (fd: number, path: string): void {
  const opened = pathOf(fd)
  if (opened !== undefined && opened !== path) throw elsewhere(path, `"${opened}"`)
}

/** How many descriptors of this process lead to the file at `path`; undefined where the system has no `/proc`. */
export function countOpened (path: string): number | undefined {
  const descriptors = unlessGone(() => readdirSync(DESCRIPTORS))
  return descriptors?.filter(fd => unlessGone(() => readlinkSync(`${DESCRIPTORS}/${fd}`)) === path).length
}

/**
 * Throws `SOURCE_REPLACED` unless SQLite has opened the file at `path`, which has no symbolic link in it, since
 * `before` were counted.
 */
export function requireOpened (path: string, before: number | undefined): void {
  const now = countOpened(path)
  if (before !== undefined && now !== undefined && now <= before) throw elsewhere(path, 'another file')
}

function elsewhere (path: string, opened: string): BackupError {
  return new BackupError('SOURCE_REPLACED', `"${path}" led to ${opened} when it was opened`, {
    hint: 'Set the real path, and check which process changes the directories in it.'
  })
}
