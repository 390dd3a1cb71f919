import { readdir } from 'node:fs/promises'
import { basename } from 'node:path'
import { isPresenceId } from '../../core/presence.ts'
import { statIfThere } from '../../files/access.ts'
import { inSize } from '../../core/size.ts'
import { treeSize } from '../../files/tree-size.ts'
import { about, type Finding } from './finding.ts'
import { NO_SNAPSHOT, type Examination, type CatalogSnapshot, type DoctorContext } from './context.ts'

/** The trash is emptied once a minute; what is in it much longer than it should be is stuck. Milliseconds. */
const PATIENCE = 3_600_000
/** Restores that are looked at, the newest; and names in what one of them has replaced. */
const MOST_RESTORES = 500
const MOST_NAMES = 100_000

/** What lies about: in the trash, set aside, half done. */
export const examineLeftovers: Examination = async (context, snapshot) => [
  ...snapshot === undefined
    ? [about('trash').skipped(NO_SNAPSHOT)]
    : [
      ...await examineTrash(snapshot, context),
      ...await examineQuarantine(snapshot, context),
      ...await examineUndecided(snapshot, context),
      ...await examineKept(snapshot)
    ],
  ...await examineSetAside(context.dataDir),
  ...await examineScratch(context)
]

async function examineTrash ({ deps }: CatalogSnapshot, { trashGrace, clock }: DoctorContext): Promise<Finding[]> {
  const { ok, warn } = about('trash')
  const trashed = await deps.catalog.backups.trashed()
  const stuck = trashed.filter(({ trashedAt }) =>
    clock.now().getTime() - (trashedAt?.getTime() ?? 0) > trashGrace + PATIENCE
  )
  if (stuck.length === 0) {
    return [ok(trashed.length === 0 ? 'the trash is empty' : `backups in the trash: ${trashed.length}, none overdue`)]
  }
  return [
    warn(
      `backups in the trash past their grace period: ${stuck.length}`,
      'Start the service, which empties the trash. If it is running, find the cause in its log.'
    )
  ]
}

async function examineQuarantine ({ deps }: CatalogSnapshot, { sources }: DoctorContext): Promise<Finding[]> {
  const kept = (await Promise.all(sources.map(({ name }) => deps.catalog.backups.quarantined(name)))).flat()
  return kept.map(backup =>
    about('quarantine', backup.source).warn(
      `"${backup.filePath}" did not pass its verification and is kept for inspection`,
      `Run "holdfast show ${backup.id}" to see the failed check. The next backup that fails replaces this file.`
    )
  )
}

/** What restores have replaced stays until a user removes it: no backup has it. */
async function examineKept ({ deps }: CatalogSnapshot): Promise<Finding[]> {
  const { restores } = await deps.catalog.restores.list({ kind: 'restore', limit: MOST_RESTORES })
  const found: Finding[] = []
  for (const { status, source, aside, startedAt } of restores) {
    const size = aside === null || status === 'running' ? undefined : await treeSize(aside, MOST_NAMES)
    if (aside === null || size === undefined) continue
    found.push(
      about('replaced', source).warn(
        `"${aside}", replaced by a restore on ${startedAt.toISOString().slice(0, 10)}, takes ${
          size.isWhole ? '' : 'at least '
        }${inSize(size.bytes)}`,
        'Rename it back to undo the restore, or remove it: it is not removed automatically, because no backup contains it.'
      )
    )
  }
  return found
}

/** Beside a server these are at work, or settled within a minute. */
async function examineUndecided ({ deps }: CatalogSnapshot, { findServer }: DoctorContext): Promise<Finding[]> {
  const running = await deps.catalog.backups.running()
  if (running.length === 0 || findServer() !== undefined) return []
  return [
    about('interrupted').warn(
      `${running.length} backups have the status "running", and no server is running`,
      'If no command is making them, start the service, which corrects their status.'
    )
  ]
}

async function examineSetAside (dataDir: string): Promise<Finding[]> {
  const found = (await namesIn(dataDir)).filter(name => name.includes('.corrupt-') && !/-(wal|shm|journal)$/.test(name))
  return found.map(name =>
    about('catalog').warn(
      `a damaged catalog was kept as "${name}"`,
      'Find the cause of the damage, then remove the file.'
    )
  )
}

/** Folders of processes; those of processes that are gone are removed at the next start. */
async function examineScratch ({ scratchDir, findServer }: DoctorContext): Promise<Finding[]> {
  const found = (await namesIn(scratchDir)).filter(name => isPresenceId(name) && !isRunning(Number.parseInt(name, 10)))
  if (found.length === 0) return []
  const remedy = findServer() === undefined
    ? 'Start the service, which removes them.'
    : 'Restart the service, which removes them.'
  return [
    about('scratch').warn(`"${basename(scratchDir)}" holds temporary files of ${found.length} ended processes`, remedy)
  ]
}

function isRunning (pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // It is there, and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

async function namesIn (directory: string): Promise<string[]> {
  return await statIfThere(directory) === undefined ? [] : await readdir(directory)
}
