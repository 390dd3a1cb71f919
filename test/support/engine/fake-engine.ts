import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Backup } from '../../../src/core/backup/backup.ts'
import type { BackupQuery, SourceStatistics } from '../../../src/core/catalog/catalog.ts'
import { BackupError } from '../../../src/core/errors.ts'
import type { Job, JobLogEntry, JobKind, JobStatus, Work } from '../../../src/core/job.ts'
import type { Restore, RestorePage, RestoreQuery } from '../../../src/core/restore/restore.ts'
import type { RowSelection } from '../../../src/core/restore/rows.ts'
import type { TreePage, TreeQuery } from '../../../src/core/restore/tree.ts'
import type { Run, RunQuery } from '../../../src/core/schedule/run.ts'
import type { Settings, SettingsChange, SettingsReport } from '../../../src/core/schedule/settings.ts'
import type { StoreProbe } from '../../../src/core/ports/store-probe.ts'
import type { Verification } from '../../../src/core/ports/verification.ts'
import type { ExportRequest } from '../../../src/core/ports/export.ts'
import { ALL_PARTS } from '../../../src/core/ports/part.ts'
import type { BackupEdit } from '../../../src/engine/backup/edit.ts'
import type { Compared, DiffRequest, Rescued, RescueRequest } from '../../../src/engine/restore/rows.ts'
import type { CreateRequest } from '../../../src/engine/backup/create-request.ts'
import type { Created } from '../../../src/engine/backup/created.ts'
import type { Removal } from '../../../src/engine/retention/removal.ts'
import type { Download, DownloadRequest } from '../../../src/engine/restore/download.ts'
import type { Exported, ExportFrom, ExportTarget } from '../../../src/engine/restore/export.ts'
import type { DrillRequest } from '../../../src/engine/restore/drill.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import type { Pruned } from '../../../src/engine/retention/prune.ts'
import type { DryRun } from '../../../src/engine/restore/dry-run.ts'
import type { RestoreRequest } from '../../../src/engine/restore/restore-plan.ts'
import type { ServiceStatistics, SourceState } from '../../../src/engine/status/sources.ts'
import type { Verified, VerifiedAll } from '../../../src/engine/verify/verify.ts'
import type { EvidenceOfDrills, EvidenceQuery } from '../../../src/engine/status/drill-evidence.ts'
import type { StoreState } from '../../../src/engine/status/stores.ts'
import type { KeyState } from '../../../src/engine/status/keys.ts'
import type { Thawing } from '../../../src/engine/restore/thaw.ts'
import type { Rebuilt } from '../../../src/engine/recovery/rebuild.ts'
import type { SigningKeys } from '../../../src/engine/signing.ts'
import { workOf } from '../../../src/engine/jobs/work.ts'
import { aBackup, STARTED } from '../builders/backup.ts'
import { anExport } from '../builders/export.ts'
import { aJob } from '../builders/job.ts'
import { aDrill, aDryRun, aRestore } from '../builders/restore.ts'
import { aTreeEntry } from '../builders/tree.ts'
import { aDifference, aRescue } from '../builders/rows.ts'
import { aSourceState, sourceStatistics } from '../builders/source-state.ts'
import { aStoreState } from '../builders/store-state.ts'
import { VALID } from '../builders/verification.ts'

/**
 * The verbs over a few rows in memory, for tests of the edge. Work ends at once, unless `gate` is set: then when that
 * settles, and as it does. `calls` tells what was asked for.
 */
export class FakeEngine implements Engine {
  readonly rows = new Map<number, Backup>()
  readonly jobLog = new Map<number, Job>()
  /** What the hooks of a job have written, by its id. */
  output = new Map<number, readonly JobLogEntry[]>()
  readonly runLog: Run[] = []
  readonly restoreLog: Restore[] = []
  readonly calls: string[] = []
  readonly bytes = Buffer.from('SQLite format 3\0 and so on, to the end')
  gate: Promise<unknown> = Promise.resolve()
  signing: SigningKeys = { publicKey: null, trusted: [], isRequired: false }
  /** Thrown by the next verb, in place of what it does. */
  refusal: BackupError | undefined
  settingsNow: Settings = {
    autoBackupEnabled: false,
    autoBackupInterval: 86_400_000,
    maxBackups: 10,
    compression: 'none',
    verifyAfterBackup: true
  }

  /** What the next backup removes. */
  removals: readonly Removal[] = []
  #changes = 0

  constructor (count = 0) {
    for (let id = 1; id <= count; id++) this.put(aBackup({ id }))
  }

  put (backup: Backup): Backup {
    this.rows.set(backup.id, backup)
    this.#changes++
    return backup
  }

  async create (request: CreateRequest): Promise<Work<Created>> {
    this.#called(`create ${JSON.stringify(request)}`)
    if (request.source !== undefined && request.source !== 'workstation') {
      throw new BackupError('SOURCE_NOT_FOUND', `there is no source "${request.source}"`)
    }
    return this.#work(
      'create',
      () => ({
        ...this.put(
          aBackup({ id: this.rows.size + 1, type: request.type, description: request.description ?? null })
        ),
        removed: this.removals,
        rotationError: null
      })
    )
  }

  readonly planImport: Engine['planImport'] = notFaked
  readonly importFile: Engine['importFile'] = notFaked

  async verify (id: number): Promise<Work<Verified>> {
    this.#called(`verify ${id}`)
    const backup = this.#row(id)
    return this.#work('verify', () => ({ backup, verification: VALID }))
  }

  async verifyAll (request: object): Promise<Work<VerifiedAll>> {
    this.#called(`verifyAll ${JSON.stringify(request)}`)
    return this.#work(
      'verify-all',
      () => ({ results: [...this.rows.values()].map(backup => ({ backup, verification: VALID })), failures: [] })
    )
  }

  async prune ({ dryRun }: { readonly dryRun: boolean }): Promise<Work<Pruned>> {
    this.#called(`prune ${dryRun}`)
    const decisions = [...this.rows.values()].map(backup => ({
      backup,
      keep: true,
      reasons: ['newest backup'],
      removal: null,
      isBeyond: false
    }))
    return this.#work('prune', () => ({ dryRun, decisions, copies: [], removed: [], refused: [] }))
  }

  async remove (id: number, { force }: { readonly force: boolean }): Promise<Work<Backup>> {
    this.#called(`remove ${id} ${force}`)
    return this.#work('delete', () => this.put({ ...this.#row(id), trashedAt: STARTED }))
  }

  async upload (id: number, request: { readonly store?: string | undefined }): Promise<Work<Backup>> {
    this.#called(`upload ${id} ${JSON.stringify(request)}`)
    if (request.store === 'nowhere') throw new BackupError('STORE_NOT_FOUND', 'there is no store "nowhere" for copies')
    return this.#work('upload', () => this.#row(id))
  }

  destinations (): readonly string[] {
    return ['far']
  }

  async undelete (id: number): Promise<Work<Backup>> {
    this.#called(`undelete ${id}`)
    return this.#work('undelete', () => this.put({ ...this.#row(id), trashedAt: null }))
  }

  async release (id: number, actor: string): Promise<Backup> {
    this.#called(`release ${id} ${actor}`)
    const { suspicion, ...backup } = this.#row(id)
    if (suspicion?.releasedAt !== null) throw new BackupError('BACKUP_NOT_SUSPECT', `backup ${id} is not suspect`)
    return this.put({ ...backup, suspicion: { ...suspicion, releasedAt: STARTED, releasedBy: actor } })
  }

  async restore (id: number, request: RestoreRequest): Promise<Work<Restore>> {
    this.#called(`restore ${id} ${JSON.stringify(request)}`)
    this.#row(id)
    return this.#work('restore', () => {
      const restore = aRestore({
        id: this.restoreLog.length + 1,
        backupId: id,
        ...request.target !== undefined && { target: request.target, mode: 'file' as const, safetyBackupId: null }
      })
      this.restoreLog.push(restore)
      return restore
    })
  }

  async restoreDryRun (id: number, request: RestoreRequest): Promise<Work<DryRun>> {
    this.#called(`restoreDryRun ${id} ${JSON.stringify(request)}`)
    const backup = this.#row(id)
    return this.#work('diff', () => aDryRun({ backup }))
  }

  async files (id: number, query: TreeQuery): Promise<TreePage> {
    this.#called(`files ${id} ${JSON.stringify(query)}`)
    this.#row(id)
    return { entries: [aTreeEntry()], next: query.after === undefined ? 'bmV4dA' : null }
  }

  async diff (id: number, wish: DiffRequest): Promise<Work<Compared>> {
    this.#called(`diff ${id} ${JSON.stringify(wish)}`)
    const backup = this.#row(id)
    return this.#work(
      'diff',
      () => ({ backup, other: wish.with === 'live' ? null : this.#row(wish.with), difference: aDifference() })
    )
  }

  async rescue (id: number, wish: RescueRequest): Promise<Work<Rescued>> {
    this.#called(`rescue ${id} ${JSON.stringify(wish)}`)
    const backup = this.#row(id)
    return this.#work(
      'rescue',
      () => ({
        backup,
        dryRun: wish.dryRun,
        rescue: aRescue(),
        safetyBackupId: wish.conflict === 'overwrite' && !wish.dryRun ? 7 : null,
        removed: []
      })
    )
  }

  async extract (id: number, _selection: RowSelection, file: string): Promise<Work<number>> {
    this.#called(`extract ${id} ${file}`)
    return this.#work('rescue', () => 3)
  }

  async exportRows (from: ExportFrom, request: ExportRequest, target: ExportTarget | null): Promise<Work<Exported>> {
    this.#called(`exportRows ${JSON.stringify([from, request, target])}`)
    const backup = 'id' in from ? this.#row(from.id) : null
    if (!('id' in from)) await this.source(from.source ?? 'workstation')
    return this.#work('export', () => anExport(this.bytes, backup, request, target))
  }

  async restores (query: RestoreQuery): Promise<RestorePage> {
    const restores = this.restoreLog.filter(one =>
      (query.kind ?? one.kind) === one.kind && one.id < (query.before ?? Infinity)
    ).toReversed().slice(0, query.limit)
    return { restores, next: null }
  }

  async restoreById (id: number): Promise<Restore> {
    const found = this.restoreLog.find(one => one.id === id)
    if (found === undefined) throw new BackupError('RESTORE_NOT_FOUND', `there is no restore ${id}`)
    return found
  }

  async undoRestore (id: number): Promise<Work<Restore>> {
    this.#called(`undoRestore ${id}`)
    const restore = await this.restoreById(id)
    return this.#work('restore', () => ({ ...restore, aside: null, undoneAt: STARTED }))
  }

  async discardPrevious (id: number): Promise<Work<Restore>> {
    this.#called(`discardPrevious ${id}`)
    const restore = await this.restoreById(id)
    return this.#work('restore', () => ({ ...restore, aside: null, discardedAt: STARTED }))
  }

  async drill (request: DrillRequest): Promise<Work<Restore>> {
    this.#called(`drill ${JSON.stringify(request)}`)
    const backup = this.#row(request.id ?? this.rows.size)
    return this.#work('drill', () => {
      const drill = aDrill({ id: this.restoreLog.length + 1, backupId: backup.id, actor: request.actor })
      this.restoreLog.push(drill)
      return drill
    })
  }

  async drillEvidence ({ since = STARTED, until = STARTED }: EvidenceQuery): Promise<EvidenceOfDrills> {
    return {
      madeAt: STARTED,
      since,
      until,
      states: await this.sources(),
      drills: this.restoreLog.filter(({ kind }) => kind === 'drill')
    }
  }

  async rebuild (): Promise<Work<Rebuilt>> {
    this.#called('rebuild')
    return this.#work('rebuild', () => ({ adopted: this.rows.size, stores: [] }))
  }

  async backup (id: number): Promise<Backup> {
    this.#called(`backup ${id}`)
    return this.#row(id)
  }

  async backups (query: BackupQuery): Promise<{ backups: Backup[], count: number, next: number | null }> {
    this.#called('backups')
    const matching = [...this.rows.values()].filter(row =>
      (query.status ?? row.status) === row.status && (query.type ?? row.type) === row.type
    ).reverse()
    const below = matching.filter(row => row.id < (query.before ?? Infinity))
    const backups = below.slice(0, query.limit)
    return { backups, count: matching.length, next: below.length > query.limit ? backups.at(-1)?.id ?? null : null }
  }

  async verifications (id: number): Promise<{ checkedAt: Date, verification: Verification }[]> {
    this.#row(id)
    return [{ checkedAt: STARTED, verification: VALID }]
  }

  async manifest (id: number): Promise<undefined> {
    this.#row(id)
  }

  async edit (id: number, { keepsPinned, ...change }: BackupEdit): Promise<Backup> {
    this.#called(`edit ${id} ${JSON.stringify(change)}`)
    if (keepsPinned === true && this.#row(id).pinned) throw new BackupError('FORBIDDEN', `backup ${id} is pinned`)
    const { description, pinned, ...rest } = this.#row(id)
    return this.put({
      ...rest,
      description: change.description === undefined ? description : change.description,
      pinned: change.pinned ?? pinned
    })
  }

  async origin (id: number): Promise<string> {
    return `/srv/${this.#row(id).source}.db`
  }

  signingKeys (): SigningKeys {
    return this.signing
  }

  async thaw (id: number): Promise<Thawing> {
    return { backup: this.#row(id), store: null, hours: 0 }
  }

  async download (id: number, { decoded, part }: DownloadRequest): Promise<Download> {
    this.#called(`download ${id} ${decoded}${part === undefined ? '' : ` ${part}`}`)
    const { bytes } = this
    this.#row(id)
    return {
      fileName: 'workstation "x"\r\n.db',
      store: 'local',
      etag: `"${createHash('sha256').update(bytes).digest('hex')}"`,
      size: bytes.length,
      contentType: 'application/vnd.sqlite3',
      hasRanges: part !== ALL_PARTS,
      open: async range => Readable.from([range === undefined ? bytes : bytes.subarray(range.start, range.end + 1)])
    }
  }

  async sources (): Promise<SourceState[]> {
    return [this.#state()]
  }

  async source (name: string): Promise<SourceState> {
    if (name !== 'workstation') throw new BackupError('SOURCE_NOT_FOUND', `there is no source "${name}"`)
    return this.#state()
  }

  async statistics (): Promise<ServiceStatistics> {
    this.#called('statistics')
    const rows = [...this.rows.values()]
    return {
      totalBackups: rows.length,
      totalSize: rows.reduce((sum, row) => sum + (row.size ?? 0), 0),
      oldestBackup: rows[0]?.startedAt ?? null,
      newestBackup: rows.at(-1)?.startedAt ?? null,
      failedBackups: 0,
      sources: [this.#statistics()],
      states: [this.#state()]
    }
  }

  settings (): SettingsReport {
    return {
      settings: this.settingsNow,
      origins: {
        autoBackupEnabled: 'default',
        autoBackupInterval: 'default',
        maxBackups: 'environment',
        compression: 'default',
        verifyAfterBackup: 'default'
      }
    }
  }

  async changeSettings (change: SettingsChange): Promise<SettingsReport> {
    this.#called(`changeSettings ${JSON.stringify(change)}`)
    this.settingsNow = { ...this.settingsNow, ...change } as Settings
    return this.settings()
  }

  async job (id: number): Promise<Job> {
    const job = this.jobLog.get(id)
    if (job === undefined) throw new BackupError('JOB_NOT_FOUND', `there is no job ${id}`)
    return job
  }

  async jobOutput (id: number): Promise<readonly JobLogEntry[]> {
    return this.output.get(id) ?? []
  }

  async jobs (query: {
    readonly limit: number
    readonly before?: number | undefined
    readonly status?: JobStatus | undefined
  }): Promise<{ jobs: Job[], next: number | null }> {
    const below = [...this.jobLog.values()].reverse().filter(job =>
      job.id < (query.before ?? Infinity) && (query.status ?? job.status) === job.status
    )
    const jobs = below.slice(0, query.limit)
    return { jobs, next: below.length > query.limit ? jobs.at(-1)?.id ?? null : null }
  }

  async runs (query: RunQuery): Promise<{ runs: Run[], next: number | null }> {
    const below = this.runLog.toReversed().filter(run =>
      run.id < (query.before ?? Infinity) && (query.status ?? run.status) === run.status &&
      (query.kind ?? run.kind) === run.kind && (query.source ?? run.source) === run.source
    )
    const runs = below.slice(0, query.limit)
    return { runs, next: below.length > query.limit ? runs.at(-1)?.id ?? null : null }
  }

  async cancel (id: number): Promise<Job> {
    this.#called(`cancel ${id}`)
    const job = await this.job(id)
    if (job.finishedAt !== null) throw new BackupError('JOB_FINISHED', `job ${id} has already finished`)
    const cancelled: Job = { ...job, status: 'cancelled', finishedAt: STARTED, errorCode: 'CANCELLED' }
    this.jobLog.set(id, cancelled)
    return cancelled
  }

  async keys (): Promise<readonly KeyState[]> {
    return []
  }

  async confirmKey (id: string): Promise<KeyState> {
    throw new BackupError('KEY_NOT_FOUND', `there is no key "${id}"`)
  }

  async stores (): Promise<readonly StoreState[]> {
    return [aStoreState()]
  }

  async probe (store: string): Promise<StoreProbe> {
    this.#called(`probe ${store}`)
    if (store !== 'far') throw new BackupError('STORE_NOT_FOUND', `there is no store "${store}" for copies`)
    return {
      store,
      ok: true,
      findings: [{ check: 'reach', status: 'ok', message: 'it responds at "s3://bucket/"', remedy: null }]
    }
  }

  version (): string {
    return String(this.#changes)
  }

  #called (what: string): void {
    this.calls.push(what)
    const { refusal } = this
    if (refusal === undefined) return
    this.refusal = undefined
    throw refusal
  }

  #work<T> (kind: JobKind, finish: () => T): Work<T> {
    const job = aJob({ id: this.jobLog.size + 1, kind })
    this.jobLog.set(job.id, job)
    return workOf(job, this.gate.then(finish))
  }

  #row (id: number): Backup {
    const row = this.rows.get(id)
    if (row === undefined) {
      throw new BackupError('BACKUP_NOT_FOUND', `there is no backup ${id}`, {
        hint: 'List the backups to see their ids.'
      })
    }
    return row
  }

  #statistics (): SourceStatistics {
    return sourceStatistics({ count: this.rows.size })
  }

  #state (): SourceState {
    return aSourceState({ statistics: this.#statistics() })
  }
}

/** The edge of the API does not use these verbs. */
async function notFaked (): Promise<never> {
  throw new Error('the fake engine does not import files')
}
