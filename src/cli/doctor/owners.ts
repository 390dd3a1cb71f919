import type { Stats } from 'node:fs'
import { lstat, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PROBES, QUARANTINE, TRASH } from '../../core/backup/object-key.ts'
import { may, READ, requireAnswer, WRITE } from '../../files/access.ts'
import { about, type Finding } from './finding.ts'
import type { Examination } from './context.ts'

/** So many are named. */
const NAMED = 3
/** The service writes to what is in DATA_DIR, and moves what is in BACKUP_DIR by its folders. */
const READ_WRITE = READ | WRITE

/** Folders of BACKUP_DIR in which backups are kept; others are somebody else's. */
const OWN: readonly string[] = [TRASH, QUARANTINE, PROBES].map(prefix => prefix.slice(0, -1))

interface Wanted {
  readonly mode: number
  /** The folders that are looked into. Default: all. */
  readonly folders?: readonly string[]
}

/** The user of the service, which is the owner of DATA_DIR. */
interface User {
  readonly uid: number
  readonly gid: number
}

/**
 * What somebody else has left in the directories of the service, such as root by a command or by "cp": the service,
 * which runs as the owner of DATA_DIR, can neither verify nor remove it. Asked of the system where this runs as that
 * user; by owner and mode otherwise.
 */
export const examineOwners: Examination = async ({ backupDir, dataDir }) => {
  const service = await stat(dataDir).catch(() => undefined)
  if (service === undefined || process.getuid === undefined) return []
  return [
    ...await examineFiles('DATA_DIR', dataDir, service, { mode: READ_WRITE }),
    ...await examineFiles('BACKUP_DIR', backupDir, service, { mode: READ, folders: OWN })
  ]
}

async function examineFiles (
  variable: string,
  directory: string,
  service: User,
  { mode, folders }: Wanted
): Promise<Finding[]> {
  await requireAnswer(directory)
  const closed: string[] = []
  for await (const [path, found] of filesBelow(directory, folders)) {
    if (!await isOpenTo(service, path, found, mode)) closed.push(path)
  }
  if (closed.length === 0) return []
  const named = closed.slice(0, NAMED).map(path => `"${path}"`).join(', ')
  const more = closed.length > NAMED ? ` and ${closed.length - NAMED} more` : ''
  return [
    about('rights').fail(
      `user ${service.uid}, who owns DATA_DIR, has no access to ${named}${more}`,
      `Run "chown -R ${service.uid}:${service.gid} ${directory}" as root on the machine of ${variable}, and run commands as that user.`
    )
  ]
}

async function isOpenTo (service: User, path: string, found: Stats, mode: number): Promise<boolean> {
  if (process.getuid?.() === service.uid) return await may(path, mode)
  const bits = found.uid === service.uid ? found.mode >> 6 : found.gid === service.gid ? found.mode >> 3 : found.mode
  return service.uid === 0 || (bits & mode) === mode
}

/** Regular files, and folders that cannot be looked into. Links are not followed; "lost+found" is the disk's own. */
async function* filesBelow (directory: string, folders?: readonly string[]): AsyncGenerator<readonly [string, Stats]> {
  for (const entry of await readdir(directory, { withFileTypes: true }).catch(() => [])) {
    const path = join(directory, entry.name)
    const found = await lstat(path).catch(() => undefined)
    if (found === undefined || entry.name === 'lost+found') continue
    if (found.isFile()) yield [path, found]
    if (!found.isDirectory() || folders?.includes(entry.name) === false) continue
    if (await may(path, READ)) yield* filesBelow(path)
    else yield [path, found]
  }
}
