import { stat, unlink } from 'node:fs/promises'
import { basename } from 'node:path'
import { isLive, type Backup, type BackupType } from '../../core/backup/backup.ts'
import type { ImportRecord } from '../../core/backup/import-record.ts'
import { NO_HOOKS } from '../../core/hooks.ts'
import type { Task } from '../../core/job.ts'
import type { Importer, PreparedImport } from '../../core/ports/source.ts'
import type { ProtectedSource } from '../../core/protected-source.ts'
import { checkScratch } from '../artifacts/free-space.ts'
import { cleanupSignal } from '../../core/cleanup-signal.ts'
import type { EngineDeps } from '../deps.ts'
import { DESCRIPTION } from './basis.ts'
import { createBackup } from './create.ts'
import { editBackup } from './edit.ts'
import { copyForImport, type FileState, type ImportCopy } from './import-copy.ts'
import { planImport, type ImportChoice, type ImportPlan } from './import-plan.ts'

export interface ImportRequest extends ImportChoice {
  readonly type: BackupType
  /** Default: names the file, and where the time comes from. */
  readonly description?: string | undefined
  /** Whether no rule removes the backup. */
  readonly pin: boolean
  /** Whether the file is removed once it is a verified backup. */
  readonly remove: boolean
}

export interface Imported {
  readonly plan: Omit<ImportPlan, 'importer'>
  /** `known`: the same content was imported for the same time before; nothing was added. */
  readonly outcome: 'imported' | 'known'
  readonly backup: Backup
  /** Sentences without a full stop. */
  readonly notes: readonly string[]
  /** Files that were removed; absolute paths. */
  readonly removed: readonly string[]
}

/**
 * Makes a backup of a source from a file of another program: the file is copied into scratch space, decompressed,
 * checked by the kind of the source, and backed up as the source itself is. It is never moved or changed; with `remove`
 * it is removed after the backup was verified. The caller holds the source.
 *
 * Throws as `planImport`, `copyForImport`, `Importer.prepare` and `createBackup` do. A file that one of the first three
 * refuses leaves no row.
 */
export async function importFile (
  deps: EngineDeps,
  chosen: ProtectedSource,
  request: ImportRequest,
  task: Task
): Promise<Imported> {
  await deps.ownership.require(deps.store, cleanupSignal())
  const { importer, ...plan } = await planImport(deps, chosen, request)
  const copy = await copyForImport(deps, plan, task)
  try {
    const known = await deps.catalog.backups.imported(plan.source, plan.at, copy.content.sha256)
    const { backup, notes } = known === undefined
      ? await added(deps, chosen, { importer, request, plan, copy }, task)
      : { backup: known, notes: isLive(known) ? [] : ['the backup is in the trash'] }
    const kept = request.pin && !backup.pinned && isLive(backup)
      ? await editBackup(deps, backup.id, { pinned: true }, cleanupSignal())
      : backup
    const { removed, problems } = request.remove ? await removeFiles(copy.files, kept) : { removed: [], problems: [] }
    return {
      plan,
      outcome: known === undefined ? 'imported' : 'known',
      backup: kept,
      notes: [...notes, ...problems],
      removed
    }
  } finally {
    await copy.remove()
  }
}

interface Addition {
  readonly importer: Importer
  readonly request: ImportRequest
  readonly plan: Omit<ImportPlan, 'importer'>
  readonly copy: ImportCopy
}

async function added (
  deps: EngineDeps,
  chosen: ProtectedSource,
  { importer, request, plan, copy }: Addition,
  task: Task
): Promise<{ readonly backup: Backup, readonly notes: readonly string[] }> {
  task.phase('probing')
  const { source, notes }: PreparedImport = await importer.prepare({
    form: plan.form,
    path: copy.path,
    folder: copy.folder,
    name: plan.path,
    modified: plan.modified,
    requireRoom: bytes => checkScratch(deps, bytes)
  }, task.signal)
  const { removed: _removed, rotationError: _error, ...backup } = await createBackup(
    deps,
    { ...chosen, source, hooks: NO_HOOKS },
    {
      type: request.type,
      description: request.description ?? describe(plan),
      verify: true,
      mayRemove: false,
      imported: { at: plan.at, record: recordOf(deps, plan, copy) }
    },
    task
  )
  return { backup, notes }
}

function recordOf (
  { clock }: EngineDeps,
  { path, form, timeFrom }: Addition['plan'],
  { content }: ImportCopy
): ImportRecord {
  return { at: clock.now().toISOString(), file: basename(path), form: form.name, ...content, timeFrom }
}

function describe ({ path, form, timeFrom }: Addition['plan']): string {
  const origin = { option: 'time given', name: 'time from its name', modified: 'time of its last change' }[timeFrom]
  return `imported from "${basename(path)}" (${form.label}), ${origin}`.slice(0, DESCRIPTION)
}

/** Removes what was imported, where it is still the same; a file that stays is a problem as text. */
async function removeFiles (
  files: readonly FileState[],
  backup: Backup
): Promise<{ readonly removed: readonly string[], readonly problems: readonly string[] }> {
  if (!isLive(backup) || backup.verification.status !== 'valid') {
    return { removed: [], problems: ['the file was not removed, because the backup is not verified'] }
  }
  const removed: string[] = []
  const problems: string[] = []
  for (const file of files) {
    try {
      const now = await stat(file.path)
      const isSame = now.dev === file.dev && now.ino === file.ino && now.size === file.size &&
        now.mtimeMs === file.mtimeMs
      if (!isSame) {
        problems.push(`"${file.path}" was not removed, because it changed after it was read`)
        continue
      }
      await unlink(file.path)
      removed.push(file.path)
    } catch (error) {
      problems.push(`"${file.path}" was not removed: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return { removed, problems }
}
