import { readFileSync } from 'node:fs'

/** One line of mountinfo: the directory or file `root` of a file system is seen at `point`. */
export interface Mount {
  readonly device: string
  readonly root: string
  readonly point: string
  /** `ext4`, `nfs4`, `fuse.sshfs`. */
  readonly type: string
}

/** Where a path leads on its file system, so that one directory that is mounted at two places is the same from both. */
export type Locate = (realPath: string) => string

let last: { readonly content: Buffer, readonly mounts: readonly Mount[] } | undefined

/**
 * The file systems that this process sees now, and where. Empty on systems without `/proc/self/mountinfo`. Each call
 * reads the file; it is parsed only where it has changed since the last call.
 * https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
 */
export function readMounts (): readonly Mount[] {
  try {
    const content = readFileSync('/proc/self/mountinfo')
    if (last?.content.equals(content) !== true) last = { content, mounts: parseMounts(content) }
    return last.mounts
  } catch {
    return []
  }
}

export function parseMounts (content: Buffer): readonly Mount[] {
  return content.toString('latin1').split('\n').flatMap(line => {
    const [, , device, root, point, ...rest] = line.split(' ')
    // Before the type there are as many fields as there are, and a hyphen.
    const type = rest[rest.indexOf('-') + 1]
    return device === undefined || root === undefined || point === undefined || type === undefined
      ? []
      : [{ device, root: unescape(root), point: unescape(point), type }]
  })
}

/** Where the file system of a real path is mounted; undefined: nothing is known of mounts. */
export function mountAt (mounts: readonly Mount[], path: string): Mount | undefined {
  // Of several at one point the last covers the others.
  return mounts.reduce<Mount | undefined>(
    (best, one) => wayFrom(one.point, path) !== undefined && one.point.length >= (best?.point.length ?? 0) ? one : best,
    undefined
  )
}

/** What of the path lies below the mount point, which may be the path itself; undefined: it does not. */
function wayFrom (point: string, path: string): string | undefined {
  if (point === '/') return path
  return path === point || path.startsWith(`${point}/`) ? path.slice(point.length) : undefined
}

/** Without mounts a path is taken as it is. */
export function locateBy (mounts: readonly Mount[]): Locate {
  return path => {
    const mount = mountAt(mounts, path)
    if (mount === undefined) return path
    const rest = wayFrom(mount.point, path) ?? ''
    return `${mount.device}:${mount.root === '/' ? '' : mount.root}${rest === '/' ? '' : rest}`
  }
}

/**
 * Space, tab, line feed and backslash are written as a backslash and three octal digits; all other bytes as they are.
 */
function unescape (name: string): string {
  const bytes = name.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
  return Buffer.from(bytes, 'latin1').toString()
}
