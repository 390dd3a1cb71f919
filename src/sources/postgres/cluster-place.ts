import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdtemp, readdir, realpath, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { BackupError } from '../../core/errors.ts'
import { impossible, type Identity } from './server-user.ts'

const run = promisify(execFile)
const PREFIX = 'holdfast-drill-'
/** Bytes of the path of a socket, without its final zero (`sun_path`, unix(7)). */
const SOCKET_LIMIT = 107
/** The name of a socket in its directory. */
const SOCKET_NAME = '/.s.PGSQL.5432'

/** The directories of one server. */
export interface ClusterPlace {
  /** For its data. */
  readonly directory: string
  /** For its socket, which needs a short path; may be the same. */
  readonly socket: string
  /** Removes both. Safe to call twice. */
  remove(): Promise<void>
}

/**
 * Makes directories that only the user of the server, and root, can enter: in scratch space where that user can enter
 * it, otherwise where the system has temporary files. Those of processes that were killed together with their servers
 * are removed before. Rejects with `DISK_FULL` where there is no room for `bytes`, and `REHEARSAL_IMPOSSIBLE`.
 */
export async function makeClusterPlace (
  scratchDir: string,
  bytes: number,
  identity: Identity | undefined
): Promise<ClusterPlace> {
  const temporary = [...new Set([await realpath(tmpdir()).catch(() => tmpdir()), '/var/tmp'])]
  const candidates = identity === undefined ? [scratchDir] : [scratchDir, ...temporary]
  for (const place of temporary) await sweep(place, scratchDir)
  const entered: string[] = []
  for (const candidate of candidates) {
    if (identity !== undefined && !await canEnter(candidate, identity)) continue
    entered.push(candidate)
    const { bavail, bsize } = await statfs(candidate)
    if (bavail * bsize >= bytes) return await placeIn(candidate, temporary, scratchDir, identity)
  }
  const names = entered.map(name => `"${name}"`).join(' and ')
  if (entered.length === 0) {
    throw impossible(
      `the user with uid ${identity?.uid ?? ''} can enter none of the directories ${candidates.join(', ')}`,
      'Set SCRATCH_DIR to a directory that this user can enter.'
    )
  }
  throw new BackupError('DISK_FULL', `a drill of the backup needs ${bytes} bytes, and ${names} has less`, {
    hint: 'Free space there, or set SCRATCH_DIR to a larger disk that the user of the server can enter.'
  })
}

async function placeIn (
  candidate: string,
  temporary: readonly string[],
  scratchDir: string,
  identity: Identity | undefined
): Promise<ClusterPlace> {
  const made: string[] = []
  const remove = async (): Promise<void> => {
    for (const path of made) await rm(path, { recursive: true, force: true })
  }
  const make = async (parent: string): Promise<string> => {
    const path = await mkdtemp(join(parent, nameFor(scratchDir)))
    made.push(path)
    await chmod(path, 0o700)
    if (identity !== undefined) await chown(path, identity.uid, identity.gid)
    return path
  }
  try {
    const directory = await make(candidate)
    const isShort = (path: string): boolean => Buffer.byteLength(path + SOCKET_NAME) <= SOCKET_LIMIT
    if (isShort(directory)) return { directory, socket: directory, remove }
    for (const parent of temporary) {
      if (!isShort(join(parent, `${nameFor(scratchDir)}XXXXXX`))) continue
      return { directory, socket: await make(parent), remove }
    }
    throw impossible(
      `the paths of "${directory}" and of the directories for temporary files are too long for a socket`,
      'Set TMPDIR to a directory with a short path.'
    )
  } catch (error) {
    await remove()
    throw error
  }
}

/**
 * The directory of the scratch files of a process exists as long as the process, and until the next start: its name in
 * that of the server's shows to whom a server belonged.
 */
function nameFor (scratchDir: string): string {
  return `${PREFIX}${digestOf(dirname(scratchDir))}-${basename(scratchDir)}-`
}

function digestOf (path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 8)
}

async function sweep (parent: string, scratchDir: string): Promise<void> {
  const base = dirname(scratchDir)
  const start = `${PREFIX}${digestOf(base)}-`
  for (const name of await readdir(parent).catch(() => [])) {
    const owner = name.startsWith(start) ? /^(.+)-[^-]{6}$/.exec(name.slice(start.length))?.[1] : undefined
    if (owner === undefined || existsSync(join(base, owner))) continue
    await rm(join(parent, name), { recursive: true, force: true })
  }
}

async function canEnter (directory: string, identity: Identity): Promise<boolean> {
  return await run('/bin/sh', ['-c', 'cd -- "$1"', 'sh', directory], { ...identity, cwd: '/', env: {} }).then(
    () => true,
    () => false
  )
}
