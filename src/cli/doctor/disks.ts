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
  if (live === undefined || backups === undefined) return skipped(`the ${noun} or BACKUP_DIR is not there yet`)
  const remedy = 'Set BACKUP_DIR to another disk, or see to it that copies go elsewhere.'
  if (dirname(await realpath(path)) === dirname(await realpath(backupDir))) {
    return warn(`the backups are in the folder of their ${noun}`, remedy)
  }
  const [one, other] = await Promise.all([diskOf(path), diskOf(backupDir)])
  return one === other
    ? warn(`the backups are on the same disk as their ${noun}: when it dies, both are gone`, remedy)
    : ok(`the backups are on another disk than their ${noun}`)
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
  const { backups } = await snapshot.engine.backups({ source: name, status: 'completed', limit: RECENT })
  const elsewhere = backups.flatMap(({ copies }) => copies).find(({ store, status }) =>
    store !== landing && status === 'stored'
  )
  if (elsewhere !== undefined) return ok(`there are copies in "${elsewhere.store}"`)
  if (snapshot.engine.destinations(name).length > 0) {
    return warn(
      'none of the last backups has a copy in another store yet',
      '"holdfast stores --check" tells whether they take copies, "holdfast upload --all" makes those that are missing.'
    )
  }
  return warn(
    'no backup has a copy away from this machine, as far as the service knows',
    'Configure a store for copies: BACKUP_S3_BUCKET, or "stores" in holdfast.yaml.'
  )
}
