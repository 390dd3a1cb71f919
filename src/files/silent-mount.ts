import { spawn, spawnSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { MOST_LINKS } from './followed-path.ts'
import { mountAt, readMounts, type Mount } from './mounts.ts'

/** File systems that no server and no other process has to answer for. Any other may stand still for ever. */
const OWN: ReadonlySet<string> = new Set([
  'ext2',
  'ext3',
  'ext4',
  'xfs',
  'btrfs',
  'zfs',
  'f2fs',
  'jfs',
  'reiserfs',
  'bcachefs',
  'vfat',
  'exfat',
  'ntfs3',
  'hfsplus',
  'iso9660',
  'udf',
  'squashfs',
  'erofs',
  'overlay',
  'aufs',
  'tmpfs',
  'ramfs',
  'rootfs',
  'devtmpfs',
  'devpts',
  'mqueue',
  'hugetlbfs',
  'proc',
  'sysfs',
  'cgroup',
  'cgroup2',
  'securityfs',
  'debugfs',
  'tracefs',
  'bpf',
  'pstore',
  'configfs',
  'nsfs',
  'binfmt_misc',
  'fusectl'
])
/** A mount that does not answer for so long is silent; a disk may have to start first. Milliseconds. */
const PATIENCE = 10_000
/** So long a mount is not asked again, by what it did. Milliseconds. */
const REMEMBERED = { answered: 2000, silent: 30_000 } as const
/** Asks the server itself: what a mount knows of files it may answer from memory. */
const QUESTION = ['-e', 'require("node:fs").statfsSync(process.argv[1])'] as const

const asked = new Map<string, { readonly isSilent: boolean, readonly at: number }>()
/** Mounts that are being asked. */
const asking = new Map<string, Promise<boolean>>()
/** Mounts that a process was to ask which cannot even be killed. */
const left = new Set<string>()

export interface Asked {
  readonly mounts?: readonly Mount[]
  readonly patience?: number
}

/**
 * The mount on the way along `path` that does not answer, such as one of a server that is gone; undefined: all do, and
 * the path can be used. Links are followed; nothing in a mount is touched before that has answered, to a process of its
 * own.
 */
export async function silentMount (
  path: string,
  { mounts = readMounts(), patience = PATIENCE }: Asked = {}
): Promise<string | undefined> {
  for (const point of mountsAlong(path, mounts)) if (remembered(point) ?? await isSilent(point, patience)) return point
  return undefined
}

/** As `silentMount`, at once: for paths of the configuration, at the start. */
export function silentMountSync (
  path: string,
  { mounts = readMounts(), patience = PATIENCE }: Asked = {}
): string | undefined {
  for (const point of mountsAlong(path, mounts)) {
    if (remembered(point) ?? keep(point, isSilentSync(point, patience))) return point
  }
  return undefined
}

/** Each mount that has to be asked, before the way leads into it. */
function* mountsAlong (path: string, mounts: readonly Mount[]): Generator<string> {
  // On most machines there is none to ask, whatever the path is.
  if (mounts.every(({ type }) => OWN.has(type))) return
  const rest = namesOf(isAbsolute(path) ? path : resolve(path))
  let here = '/'
  let links = 0
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    const next = name === '..' ? dirname(here) : join(here, name)
    const mount = mountAt(mounts, next)
    if (mount?.point === next && !OWN.has(mount.type)) yield next
    const target = targetOf(next)
    if (target !== undefined && ++links > MOST_LINKS) return
    here = target === undefined ? next : isAbsolute(target) ? '/' : here
    rest.unshift(...namesOf(target ?? ''))
  }
}

function namesOf (path: string): string[] {
  return path.split('/').filter(name => name !== '' && name !== '.')
}

/** undefined: it is no link, or nothing is there. */
function targetOf (path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

function remembered (point: string): boolean | undefined {
  if (left.has(point)) return true
  const last = asked.get(point)
  const isValid = last !== undefined &&
    performance.now() - last.at < (last.isSilent ? REMEMBERED.silent : REMEMBERED.answered)
  return isValid ? last.isSilent : undefined
}

function keep (point: string, isSilent: boolean): boolean {
  asked.set(point, { isSilent, at: performance.now() })
  return isSilent
}

function isSilentSync (point: string, timeout: number): boolean {
  const { error } = spawnSync(process.execPath, [...QUESTION, point], {
    timeout,
    killSignal: 'SIGKILL',
    stdio: 'ignore',
    env: {}
  })
  return error !== undefined && 'code' in error && error.code === 'ETIMEDOUT'
}

/** One question at a time. */
async function isSilent (point: string, patience: number): Promise<boolean> {
  const before = asking.get(point)
  if (before !== undefined) return await before
  const answer = ask(point, patience)
  asking.set(point, answer)
  try {
    return keep(point, await answer)
  } finally {
    asking.delete(point)
  }
}

async function ask (point: string, patience: number): Promise<boolean> {
  const child = spawn(process.execPath, [...QUESTION, point], { stdio: 'ignore', env: {} })
  return await new Promise(resolve => {
    const late = setTimeout(() => {
      left.add(point)
      child.kill('SIGKILL')
      child.unref()
      resolve(true)
    }, patience)
    const end = (): void => {
      clearTimeout(late)
      left.delete(point)
      resolve(false)
    }
    // That no process can be started says nothing of the mount.
    child.once('error', end).once('exit', end)
  })
}
