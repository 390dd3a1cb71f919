import type { Work } from '../../core/job.ts'
import type { ExportRequest } from '../../core/ports/export.ts'
import type { Restore, RestorePage, RestoreQuery } from '../../core/restore/restore.ts'
import type { RowSelection } from '../../core/restore/rows.ts'
import type { TreePage, TreeQuery } from '../../core/restore/tree.ts'
import { recordedManifest, requireObject } from '../artifacts/objects.ts'
import { verifiedRanges } from '../artifacts/verified-ranges.ts'
import type { EngineDeps } from '../deps.ts'
import { backupLock, sourceLock } from '../jobs/locks.ts'
import { requireSource } from '../require-source.ts'
import { openDownload, type Download, type DownloadRequest } from './download.ts'
import { drillBackup, nextDrill, type DrillRequest } from './drill.ts'
import { dryRun, type DryRun } from './dry-run.ts'
import type { Exported, ExportFrom, ExportTarget } from './export.ts'
import { listFiles } from './files.ts'
import { plannedRestore } from './planned-restore.ts'
import type { RestorePlan, RestoreRequest } from './restore-plan.ts'
import { dryRunSet } from './set/dry-run-set.ts'
import { restoreSet } from './set/restore-set.ts'
import type { SetPlan } from './set/set-plan.ts'
import { restoreBackup } from './restore.ts'
import {
  diffBackup,
  extractRows,
  liveSourceOf,
  otherSide,
  requireRows,
  rescueFrom,
  type Compared,
  type DiffRequest,
  type Rescued,
  type RescueRequest
} from './rows.ts'
import { requireTarget } from './target.ts'
import { thawBackup, type Thawing } from './thaw.ts'
import { discardPrevious, requireKept, requireUndoable, undoRestore } from './undo-restore.ts'

/** What a request to a store in cold storage may take. Milliseconds. */
const THAW_MS = 60_000
/** How long reading the list of files of a backup may take: millions of files, from a slow store. Milliseconds. */
const LIST_MS = 600_000

export interface RestoreVerbs {
  /**
   * Puts a backup back, and secures what stands there first. `BACKUP_INVALID`, `RESTORE_…`; whatever fails leaves the
   * source as it was, and names in `details.safetyBackupId` the backup that has its state, if it came to that.
   */
  restore(id: number, request: RestoreRequest): Promise<Work<Restore>>
  /**
   * What `restore` would do with the same request; nothing is changed. Rejects with what can be told before anything is
   * begun; what is found later is a result. `timeout`, `verify` and `actor` have no effect.
   */
  restoreDryRun(id: number, request: RestoreRequest): Promise<Work<DryRun>>
  /** Where the source of the backup was when it was made. */
  origin(id: number): Promise<string>
  /** Asks for a backup in cold storage to be made readable for `days` days; the result has how long that takes. */
  thaw(id: number, days: number): Promise<Thawing>
  /** One part, or all of them. `BACKUP_NOT_COMPLETED`, `BACKUP_DELETED`, `PART_NOT_FOUND`. */
  download(id: number, request: DownloadRequest): Promise<Download>
  /** Files in a backup, or in a member of a backup of a set, one page. As `listFiles`. */
  files(id: number, query: TreeQuery, member?: string): Promise<TreePage>
  /** Restores and drills. */
  restores(query: RestoreQuery): Promise<RestorePage>
  /** Rejects with `RESTORE_NOT_FOUND`. */
  restoreById(id: number): Promise<Restore>
  /**
   * Puts the content from before a restore back, where it is kept next to the restored one, which is removed with all
   * changes since. `RESTORE_NOT_FOUND`, `RESTORE_NOT_UNDOABLE`, `RESTORE_TARGET_OPEN`.
   */
  undoRestore(id: number): Promise<Work<Restore>>
  /** Removes what a restore kept of the content from before. Errors as `undoRestore`. */
  discardPrevious(id: number): Promise<Work<Restore>>
  /**
   * Restores a backup into scratch space, proves it there, and throws it away; of a source the one whose turn it is.
   * `BACKUP_NOT_FOUND`, also where a source has none; a drill that failed or could not be made is a result.
   */
  drill(request: DrillRequest): Promise<Work<Restore>>
  /** What became of the rows of a backup. `TABLE_NOT_FOUND`, `METHOD_UNSUPPORTED`. */
  diff(id: number, request: DiffRequest): Promise<Work<Compared>>
  /**
   * Brings rows of a backup back into the live database, in one transaction. Where live rows would be overwritten, the
   * database is backed up first. `ROWS_…`, `TABLE_NOT_FOUND`, `VALIDATION_FAILED` for a condition that is none.
   */
  rescue(id: number, request: RescueRequest): Promise<Work<Rescued>>
  /** Writes rows of a backup as CSV to a new file at an absolute path; the result is how many. */
  extract(id: number, selection: RowSelection, file: string, member?: string): Promise<Work<number>>
  /**
   * Exports rows of one table as text, from a backup or from a source as it is now, to a file or, without a target, to
   * scratch space. `TABLE_NOT_FOUND`, `VALIDATION_FAILED`, `METHOD_UNSUPPORTED`, `RESTORE_TARGET_…`.
   */
  exportRows(from: ExportFrom, request: ExportRequest, target: ExportTarget | null): Promise<Work<Exported>>
}

export function restoreVerbs (deps: EngineDeps): RestoreVerbs {
  const { runner, catalog } = deps
  const ranges = verifiedRanges()
  return {
    async restore (id, request) {
      const plan = await plannedRestore(deps, id, request)
      const locks = [backupLock(id), ...replacedBy(deps, plan).map(sourceLock)]
      return await runner.start(
        { kind: 'restore', source: plan.backup.source, backupId: id, locks, isUrgent: true },
        task => 'members' in plan ? restoreSet(deps, plan, task) : restoreBackup(deps, plan, task)
      )
    },

    async restoreDryRun (id, request) {
      const plan = await plannedRestore(deps, id, request)
      return await runner.start(
        { kind: 'diff', source: plan.backup.source, backupId: id, locks: [backupLock(id)], isUrgent: true },
        task => 'members' in plan ? dryRunSet(deps, plan, task) : dryRun(deps, plan, task)
      )
    },

    origin: async id => (await recordedManifest(deps, id)).source.location,
    thaw: (id, days) => thawBackup(deps, id, days, AbortSignal.timeout(THAW_MS)),
    download: (id, request) => openDownload(deps, ranges, id, request),
    files: (id, query, member) => listFiles(deps, id, query, member, AbortSignal.timeout(LIST_MS)),
    restores: query => catalog.restores.list(query),
    restoreById: id => catalog.restores.get(id),

    async undoRestore (id) {
      const { restore: { source, backupId } } = await requireUndoable(deps, id)
      return await runner.start(
        { kind: 'restore', source, backupId, locks: [sourceLock(source)], isUrgent: true },
        task => undoRestore(deps, id, task)
      )
    },

    async discardPrevious (id) {
      const { restore: { source, backupId } } = await requireKept(deps, id)
      return await runner.start(
        { kind: 'restore', source, backupId, locks: [sourceLock(source)], isUrgent: true },
        task => discardPrevious(deps, id, task)
      )
    },

    async drill ({ id: given, source, actor }) {
      const { id, reason } = given === undefined
        ? await nextDrill(deps, requireSource(deps, source).source.name)
        : { id: given, reason: 'requested by the caller' }
      const backup = await catalog.backups.get(id)
      requireObject(backup)
      return await runner.start({
        kind: 'drill',
        source: backup.source,
        backupId: id,
        locks: [backupLock(id)],
        isOwn: actor === null
      }, task => drillBackup(deps, { id, reason, actor }, task))
    },

    async diff (id, request) {
      const before = await requireRows(deps, id, request.member)
      const after = await otherSide(deps, before, request.with)
      const ids = 'location' in after ? [id] : [...new Set([id, after.backup.id])]
      return await runner.start({
        kind: 'diff',
        source: before.backup.source,
        backupId: id,
        locks: ids.map(backupLock)
      }, task => diffBackup(deps, before, after, request, task))
    },

    async rescue (id, request) {
      const rowed = await requireRows(deps, id, request.member)
      const { name } = (await liveSourceOf(deps, rowed)).source
      const locks = request.dryRun ? [backupLock(id)] : [backupLock(id), sourceLock(name)]
      return await runner.start(
        { kind: 'rescue', source: name, backupId: id, locks, isUrgent: true },
        task => rescueFrom(deps, rowed, request, task)
      )
    },

    async extract (id, selection, file, member) {
      const rowed = await requireRows(deps, id, member)
      await requireTarget(deps, file, undefined)
      return await runner.start(
        { kind: 'rescue', source: rowed.backup.source, backupId: id, locks: [backupLock(id)] },
        task => extractRows(deps, rowed, selection, file, task)
      )
    },

    async exportRows (from, request, target) {
      // Loaded when it is used: every command that opens the engine loads the verbs.
      const { requireExport, exportRows } = await import('./export.ts')
      const origin = await requireExport(deps, from)
      if (target !== null) await requireTarget(deps, target.file, undefined)
      const backupId = origin.readable?.backup.id ?? null
      return await runner.start({
        kind: 'export',
        source: origin.source,
        backupId,
        locks: backupId === null ? [] : [backupLock(backupId)]
      }, task => exportRows(deps, origin, request, target, task))
    }
  }
}

/** The names of the sources that the restore replaces or backs up. */
function replacedBy ({ sources }: EngineDeps, plan: RestorePlan | SetPlan): readonly string[] {
  if (!('members' in plan)) return plan.inPlace === undefined ? [] : [plan.inPlace.source.name]
  const names = plan.members.flatMap(({ inPlace }) => inPlace?.source.name ?? [])
  const set = plan.backup.source
  return names.length < 2 ? names : [...new Set([set, ...sources.get(set)?.members ?? [], ...names])]
}
