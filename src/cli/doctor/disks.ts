import { realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { statIfThere } from '../../files/access.ts'
import { about, type Finding } from './finding.ts'
import { NO_SNAPSHOT, type Examination, type CatalogSnapshot } from './context.ts'

/** Of so many of the newest backups one copy elsewhere is enough to say that there is a habit. */
const RECENT = 5

/** Whether one mishap could take a source and all of its backups. */
export const examineDisksAndCopies: Examination = async ({ backupDir, sources }, snapshot) => [
  ...await Promise.all(
    sources.flatMap(({ name, kind, values }) =>
      kind.paths(values).map(({ path }) => examineDisks({ name, noun: kind.noun, path }, backupDir))
    )
  ),
  ...await Promise.all(sources.map(({ name }) => examineCopies(name, snapshot)))
]

async function examineDisks (
  { name, noun, path }: { readonly name: string, readonly noun: string, readonly path: string },
  backupDir: string
): Promise<Finding> {
  const { ok, warn, skipped } = about('disk', name)
  const [live, backups] = await Promise.all([statIfThere(path), statIfThere(backupDir)])
  if (live === undefined || backups === undefined) return skipped(`the ${noun} or BACKUP_DIR does not exist yet`)
  const remedy = 'Set BACKUP_DIR to another disk, or configure a store for copies.'
  if (dirname(await realpath(path)) === dirname(await realpath(backupDir))) {
    return warn(`the backups are next to the ${noun}, on the same disk: a failure of the disk destroys both`, remedy)
  }
  const [one, other] = await Promise.all([diskOf(path), diskOf(backupDir)])
  return one === other
    ? warn(`the backups are on the same disk as their ${noun}: a failure of the disk destroys both`, remedy)
    : ok(`the backups and their ${noun} are on different disks`)
}

/** What tells disks apart: the device, or, for a partition that Linux knows, the disk that it is on. */
async function diskOf (path: string): Promise<string> {
  const { dev } = await stat(path, { bigint: true })
  const major = (dev >> 8n & 0xfffn) | (dev >> 32n & ~0xfffn)
  const minor = (dev & 0xffn) | (dev >> 12n & ~0xffn)
  const device = await realpath(`/sys/dev/block/${major}:${minor}`).catch(() => undefined)
  if (device === undefined) return String(dev)
  return await statIfThere(`${device}/partition`) === undefined ? device : dirname(device)
}

async function examineCopies (name: string, snapshot: CatalogSnapshot | undefined): Promise<Finding> {
  const { ok, warn, skipped } = about('off-site copy', name)
  if (snapshot === undefined) return skipped(NO_SNAPSHOT)
  const landing = snapshot.deps.store.name
  const { backups } = await snapshot.engine.backups({ source: name, status: 'completed', byTime: true, limit: RECENT })
  const elsewhere = backups.flatMap(({ copies }) => copies).find(({ store, status }) =>
    store !== landing && status === 'stored'
  )
  if (elsewhere !== undefined) return ok(`there are copies in "${elsewhere.store}"`)
  if (snapshot.engine.destinations(name).length > 0) {
    return warn(
      'none of the latest backups has a copy in another store',
      'Test the stores with "holdfast stores --check", then make the missing copies with "holdfast upload --all".'
    )
  }
  return warn(
    'no store for copies is configured, so all backups are on this machine',
    'Configure a store for copies with BACKUP_S3_BUCKET, or with "stores" in holdfast.yaml.'
  )
}
