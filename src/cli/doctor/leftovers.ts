import { readdir } from 'node:fs/promises'
import { basename } from 'node:path'
import { isPresenceId } from '../../core/presence.ts'
import { statIfThere } from '../../files/access.ts'
import { about, type Finding } from './finding.ts'
import { NO_SNAPSHOT, type Examination, type CatalogSnapshot, type DoctorContext } from './context.ts'

/** The trash is emptied once a minute; what is in it much longer than it should be is stuck. Milliseconds. */
const PATIENCE = 3_600_000

/** What lies about: in the trash, set aside, half done. */
export const examineLeftovers: Examination = async (context, snapshot) => [
  ...snapshot === undefined
    ? [about('trash').skipped(NO_SNAPSHOT)]
    : [
      ...await examineTrash(snapshot, context),
      ...await examineQuarantine(snapshot, context),
      ...await examineUndecided(snapshot, context)
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
    return [ok(trashed.length === 0 ? 'the trash is empty' : `${trashed.length} in the trash, none of them overdue`)]
  }
  return [
    warn(
      `${stuck.length} in the trash should be gone by now`,
      'Start the service, which empties the trash; if it runs, look at its log for why it cannot.'
    )
  ]
}

async function examineQuarantine ({ deps }: CatalogSnapshot, { sources }: DoctorContext): Promise<Finding[]> {
  const kept = (await Promise.all(sources.map(({ name }) => deps.catalog.backups.quarantined(name)))).flat()
  return kept.map(backup =>
    about('quarantine', backup.source).warn(
      `"${backup.filePath}" did not pass its verification and is kept for inspection`,
      `Find out with "holdfast show ${backup.id}" why it failed; the next one that fails takes its place.`
    )
  )
}

/** Beside a server these are at work, or settled within a minute. */
async function examineUndecided ({ deps }: CatalogSnapshot, { findServer }: DoctorContext): Promise<Finding[]> {
  const running = await deps.catalog.backups.running()
  if (running.length === 0 || findServer() !== undefined) return []
  return [
    about('interrupted').warn(
      `${running.length} backups are under way by the catalog, and no server is running`,
      'Nothing, where a command is making them; otherwise start the service, which decides what became of them.'
    )
  ]
}

async function examineSetAside (dataDir: string): Promise<Finding[]> {
  const found = (await namesIn(dataDir)).filter(name => name.includes('.corrupt-') && !/-(wal|shm|journal)$/.test(name))
  return found.map(name =>
    about('catalog').warn(
      `a damaged catalog was set aside as "${name}"`,
      'See why the disk damaged it; when nobody wants to look into it any more, remove the file.'
    )
  )
}

/** Folders of processes; those of processes that are gone are removed at the next start. */
async function examineScratch ({ scratchDir, findServer }: DoctorContext): Promise<Finding[]> {
  const found = (await namesIn(scratchDir)).filter(name => isPresenceId(name) && !isRunning(Number.parseInt(name, 10)))
  if (found.length === 0) return []
  const remedy = findServer() === undefined
    ? 'Start the service, which removes it.'
    : 'Restart the service at a quiet time, which removes it.'
  return [
    about('scratch').warn(`"${basename(scratchDir)}" holds what ${found.length} ended processes left behind`, remedy)
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
