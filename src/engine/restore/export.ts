import type { Readable } from 'node:stream'
import type { Backup } from '../../core/backup/backup.ts'
import { BackupError } from '../../core/errors.ts'
import type { Task } from '../../core/job.ts'
import type { ExportedTable, ExportFormat, ExportRequest, ExportTool, WriteExport } from '../../core/ports/export.ts'
import type { ProtectedSource } from '../../core/protected-source.ts'
import { checkScratch } from '../artifacts/free-space.ts'
import type { EngineDeps } from '../deps.ts'
import { requireKind } from '../require-kind.ts'
import { requireSource } from '../require-source.ts'
import { spoolExport, writeExportFile, type ExportFacts, type ExportTarget } from './export-file.ts'
import { requireReadable, withRestorable, type SourceInBackup } from './rows.ts'

export type { ExportTarget } from './export-file.ts'

/** Bytes after which the free scratch space is checked again. */
const CHECK_EVERY = 16 * 1024 * 1024

/** A backup, of a set with the name of the member that has the table; or a source as it is now. */
export type ExportFrom =
  | { readonly id: number, readonly member?: string | undefined }
  /** Default: the default source. */
  | { readonly source?: string | undefined }

export interface Exported extends ExportedTable, ExportFacts {
  /** null: the rows are those of the source itself. */
  readonly backup: Backup | null
  readonly source: string
  readonly format: ExportFormat
  /** The file; null: there is none. */
  readonly file: string | null
  /** All bytes, without a file of a name. The caller reads or destroys it. null: they are in `file`. */
  readonly content: Readable | null
}

/** From where rows are exported, and by which tool. */
export type ExportOrigin =
  & { readonly source: string, readonly tool: ExportTool }
  & (
    | { readonly readable: SourceInBackup, readonly live?: undefined }
    | { readonly readable?: undefined, readonly live: ProtectedSource }
  )

/**
 * Rejects as `requireReadable` for a backup, with `SOURCE_NOT_FOUND` for a source, and with `METHOD_UNSUPPORTED` for a
 * kind without tables.
 */
export async function requireExport (deps: EngineDeps, from: ExportFrom): Promise<ExportOrigin> {
  if ('id' in from) {
    const readable = await requireReadable(deps, from.id, from.member)
    const { name: source, kind } = readable.manifest.source
    const tool = requireTool(deps, kind, 'Restore files of the backup instead ("holdfast restore ID --path").')
    return { source, tool, readable }
  }
  const live = requireSource(deps, from.source)
  const { source: { name: source, kind }, members } = live
  const hint = members.length > 0
    ? `Name a member as the source: ${members.map(name => `"${name}"`).join(', ')}.`
    : 'Export rows of a source that is a database.'
  return { source, tool: requireTool(deps, kind, hint), live }
}

function requireTool (deps: EngineDeps, kind: string, hint: string): ExportTool {
  const { export: tool } = requireKind(deps, kind)
  if (tool !== null) return tool
  throw new BackupError('METHOD_UNSUPPORTED', `sources of the kind "${kind}" have no tables to export`, { hint })
}

/**
 * Exports the rows. A backup is compared with its digests before it is read. Nothing is left of an export that fails.
 */
export async function exportRows (
  deps: EngineDeps,
  origin: ExportOrigin,
  request: ExportRequest,
  target: ExportTarget | null,
  task: Task
): Promise<Exported> {
  const { source, readable } = origin
  const about = { source, backup: readable?.backup ?? null, format: request.format }
  const produce = (write: WriteExport): Promise<ExportedTable> => read(deps, origin, request, write, task)
  if (target !== null) {
    const { result, ...facts } = await writeExportFile(target, produce)
    return { ...about, ...result, ...facts, file: target.file, content: null }
  }
  const { result, ...spooled } = await spoolExport(
    deps.scratch.directory,
    write => produce(withReserve(deps, write))
  )
  return { ...about, ...result, ...spooled, file: null }
}

async function read (
  deps: EngineDeps,
  { tool, readable, live }: ExportOrigin,
  request: ExportRequest,
  write: WriteExport,
  task: Task
): Promise<ExportedTable> {
  let bytes = 0
  const counted: WriteExport = async chunk => {
    await write(chunk)
    bytes += chunk.length
    task.bytes(bytes)
  }
  if (live !== undefined) {
    task.phase('exporting')
    return await tool.fromSource(live.source, request, counted, task.signal)
  }
  return await withRestorable(deps, readable, task, async restorable => {
    task.phase('exporting')
    return await tool.fromBackup(restorable, request, counted, task.signal)
  })
}

/** Keeps the reserve of the scratch directory free, however large the export becomes. */
function withReserve (deps: EngineDeps, write: WriteExport): WriteExport {
  let left = 0
  return async chunk => {
    if (left <= 0) {
      await checkScratch(deps, CHECK_EVERY)
      left = CHECK_EVERY
    }
    left -= chunk.length
    await write(chunk)
  }
}
