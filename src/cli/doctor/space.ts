import { stat, statfs } from 'node:fs/promises'
import type { Backup } from '../../core/backup/backup.ts'
import { nearestExisting } from '../../files/access.ts'
import { about, type Finding } from './finding.ts'
import type { Examination, CatalogSnapshot, DoctorContext } from './context.ts'
import { inSize } from '../../core/size.ts'

/** Less than this share of a disk free is worth a word. */
const LOW = 0.2

/** Whether there is room for one more backup of each source, and for the work on the largest. */
export const examineSpace: Examination = async (context, snapshot) => {
  const { backupDir, scratchDir, sources } = context
  const sizes = await Promise.all(
    sources.map(async ({ name, kind, values }) => {
      const last = await lastBackup(snapshot, name)
      // Of a large directory the kind does not count everything.
      return { image: Math.max(await kind.size(values), last?.originalSize ?? 0), object: last?.size ?? undefined }
    })
  )
  const objects = sum(sizes.map(({ image, object }) => object ?? image))
  const work = Math.max(0, ...sizes.map(({ image }) => image))
  const [store, scratch] = [await nearestExisting(backupDir), await nearestExisting(scratchDir)]
  const isOneDisk = (await stat(store)).dev === (await stat(scratch)).dev
  return [
    await examineDisk('BACKUP_DIR', store, objects + (isOneDisk ? work : 0), context),
    ...isOneDisk ? [] : [await examineDisk('SCRATCH_DIR', scratch, work, context)]
  ]
}

async function examineDisk (
  variable: string,
  path: string,
  needed: number,
  { diskReserve }: DoctorContext
): Promise<Finding> {
  const { bavail, blocks, bsize } = await statfs(path)
  const free = bavail * bsize
  const share = blocks === 0 ? 1 : bavail / blocks
  const { ok, warn, fail } = about('space')
  const found = `${inSize(free)} free on the disk of ${variable} (${Math.floor(share * 100)} %)`
  if (free - diskReserve < needed) {
    return fail(
      `${found}; one more backup of each source needs ${inSize(needed)}, in addition to the reserve of ${
        inSize(diskReserve)
      }`,
      `Free space on that disk, keep fewer backups, or set ${variable} to a larger disk.`
    )
  }
  if (share < LOW) return warn(found, 'Free space soon, or keep fewer backups.')
  return ok(`${found}; one more backup of each source needs ${inSize(needed)}`)
}

/** The last full one: an increment has only changes. */
async function lastBackup (snapshot: CatalogSnapshot | undefined, source: string): Promise<Backup | undefined> {
  const page = await snapshot?.engine.backups({ source, status: 'completed', method: 'full', byTime: true, limit: 1 })
  return page?.backups[0]
}

function sum (numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
