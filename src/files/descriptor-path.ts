import { existsSync, readlinkSync } from 'node:fs'

const FOLDER = '/proc/self/fd'

/**
 * A path by way of an open descriptor, for this process alone: whatever becomes of its name, it leads to that file or
 * directory, as `openat` would. undefined where the system has no `/proc`.
 * https://man7.org/linux/man-pages/man5/proc_pid_fd.5.html
 */
export function descriptorPath (fd: number): string | undefined {
  // The folder alone is asked for: through the descriptor it would be the file system of the file, which may not
  // answer.
  return existsSync(FOLDER) ? `${FOLDER}/${fd}` : undefined
}

/**
 * Where the open file or directory is now, without a symbolic link in its path; with ` (deleted)` at the end where it
 * lost its name. undefined where the system has no `/proc`.
 */
export function pathOf (fd: number): string | undefined {
  const path = descriptorPath(fd)
  return path === undefined ? undefined : readlinkSync(path)
}
