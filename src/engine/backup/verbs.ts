import type { Backup } from '../../core/backup/backup.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import type { BackupPage, BackupQuery } from '../../core/catalog/catalog.ts'
import { BackupError, toBackupError } from '../../core/errors.ts'
import type { Work } from '../../core/job.ts'
import { requirePromised } from '../artifacts/locations.ts'
import type { EngineDeps } from '../deps.ts'
import { backupLock, sourceLocks } from '../jobs/locks.ts'
import { followed } from '../jobs/work.ts'
import type { ReplicationVerbs } from '../replication/verbs.ts'
import { requireKind } from '../require-kind.ts'
import { requireSource } from '../require-source.ts'
import type { CreateRequest } from './create-request.ts'
import type { Created } from './created.ts'
import { createBackup } from './create.ts'
import { editBackup, type BackupEdit } from './edit.ts'
import type { Imported, ImportRequest } from './import.ts'
import type { ImportChoice, ImportPlan } from './import-plan.ts'
import { releaseSuspect } from './release-suspect.ts'

/** What a change of a manifest may take. Milliseconds. */
const EDIT_MS = 60_000

export interface BackupVerbs {
  /**
   * Makes a backup of a source. `SOURCE_NOT_FOUND`, `METHOD_UNSUPPORTED`; `STORE_NOT_FOUND` where copies are asked for
   * and there is no other store. A copy that fails names the backup in `details.backupId`. The result names the backups
   * that were removed for it.
   */
  create(request: CreateRequest): Promise<Work<Created>>
  /**
   * How a file of another program would be imported, without reading it. Rejects as `planImport` in `import-plan.ts`,
   * and with `SOURCE_NOT_FOUND`.
   */
  planImport(choice: ImportChoice): Promise<ImportPlan>
  /** Makes a backup of a source from such a file. Rejects as `planImport`, and the work as `importFile`. */
  importFile(request: ImportRequest): Promise<Work<Imported>>
  /** `BACKUP_NOT_FOUND`. */
  backup(id: number): Promise<Backup>
  backups(query: BackupQuery): Promise<BackupPage>
  /** What the catalog keeps of the manifest; undefined: the backup has none, or is gone. `BACKUP_NOT_FOUND`. */
  manifest(id: number): Promise<Manifest | undefined>
  /**
   * `BACKUP_DELETED`; `BACKUP_BUSY` where a job is at work on it; `FORBIDDEN` where the backup is pinned and that may
   * not be touched.
   */
  edit(id: number, change: BackupEdit): Promise<Backup>
  /**
   * Declares a suspect good: it is a backup like any other from now on, and those before it may go again.
   * `BACKUP_NOT_SUSPECT`, `BACKUP_BUSY`.
   */
  release(id: number, actor: string): Promise<Backup>
}

export function backupVerbs (deps: EngineDeps, { upload }: Pick<ReplicationVerbs, 'upload'>): BackupVerbs {
  const { runner, catalog } = deps

  /** The backup is made, and stays, whatever becomes of its copies. */
  async function copied (id: number): Promise<Backup> {
    try {
      return await (await upload(id, { isOwn: true })).result
    } catch (thrown) {
      const { code, message, hint, cause } = toBackupError(thrown)
      throw new BackupError(code, `backup ${id} was made, but not all of its copies: ${message}`, {
        ...hint !== undefined && { hint },
        cause,
        details: { backupId: id }
      })
    }
  }

  /** No job: it is done at once, or refused. */
  async function holding<T> (id: number, change: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const lock = await runner.locks.lock([backupLock(id)])
    try {
      return await change(AbortSignal.timeout(EDIT_MS))
    } finally {
      await lock.release()
    }
  }

  return {
    async create (request) {
      const chosen = requireSource(deps, request.source)
      const { methods } = requireKind(deps, chosen.source.kind)
      if (request.method !== undefined && !methods.includes(request.method)) {
        throw new BackupError(
          'METHOD_UNSUPPORTED',
          `the source "${chosen.source.name}" does not support "${request.method}" backups`,
          { hint: `Request ${methods.map(method => `"${method}"`).join(' or ')}, or omit the method.` }
        )
      }
      const { name } = chosen.source
      if (request.upload === true) requirePromised(deps, name)
      const isOwn = request.type === 'scheduled'
      const work = await runner.start({
        kind: 'create',
        source: name,
        backupId: null,
        locks: sourceLocks(chosen),
        isOwn
      }, task => createBackup(deps, chosen, request, task))
      return request.upload === true
        ? followed(work, async created => ({ ...created, ...await copied(created.id) }))
        : work
    },

    // Loaded when a file is imported: most commands do without.
    planImport: async choice =>
      await (await import('./import-plan.ts')).planImport(deps, requireSource(deps, choice.source), choice),

    async importFile (request) {
      const chosen = requireSource(deps, request.source)
      const { name } = chosen.source
      const [{ planImport }, { importFile }] = await Promise.all([import('./import-plan.ts'), import('./import.ts')])
      await planImport(deps, chosen, request)
      return await runner.start(
        { kind: 'create', source: name, backupId: null, locks: sourceLocks(chosen) },
        task => importFile(deps, chosen, request, task)
      )
    },

    backup: id => catalog.backups.get(id),
    backups: query => catalog.backups.list(query),
    manifest: id => catalog.backups.manifest(id),
    edit: (id, change) => holding(id, signal => editBackup(deps, id, change, signal)),
    release: (id, actor) => holding(id, signal => releaseSuspect(deps, id, actor, signal))
  }
}
