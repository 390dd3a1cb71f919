import { readFile } from 'node:fs/promises'

/** One line of mountinfo: what of which file system is seen at `point`. */
interface Mount {
  readonly device: string
  readonly root: string
  readonly point: string
}

/** Where a path leads on its file system, so that one directory that is mounted at two places is the same from both. */
export type Locate = (realPath: string) => string

/**
 * Reads where file systems are mounted now. On systems without `/proc/self/mountinfo` a path is taken as it is.
 * https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
 */
export async function readMounts (): Promise<Locate> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '')
  return locateBy(parseMounts(text))
}

export function parseMounts (text: string): readonly Mount[] {
  return text.split('\n').flatMap(line => {
    const [, , device, root, point] = line.split(' ')
    return device === undefined || root === undefined || point === undefined ? [] : [{ device, root: plain(root), point: plain(point) }]
  })
}

export function locateBy (mounts: readonly Mount[]): Locate {
  return path => {
    const way = (point: string): string | undefined => point === '/' ? path : path === point || path.startsWith(`${point}/`) ? path.slice(point.length) : undefined
    // Of several at one point the last covers the others.
    const mount = mounts.reduce<Mount | undefined>((best, one) => way(one.point) !== undefined && one.point.length >= (best?.point.length ?? 0) ? one : best, undefined)
    if (mount === undefined) return path
    const rest = way(mount.point) ?? ''
    return `${mount.device}:${mount.root === '/' ? '' : mount.root}${rest === '/' ? '' : rest}`
  }
}

/** Blanks and the like are written as three octal digits. */
function plain (text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
