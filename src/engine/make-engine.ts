import type { Backup } from '../core/backup/backup.ts'
import { BackupError, toBackupError } from '../core/errors.ts'
import { requireOwn } from '../core/instance.ts'
import { copyBackup } from './replication/copy-backup.ts'
import { createBackup } from './backup/create.ts'
import type { EngineDeps } from './deps.ts'
import { openDownload } from './restore/download.ts'
import { confirmKey, keyStates } from './status/keys.ts'
import { drillEvidence } from './status/drill-evidence.ts'
import { drillBackup, nextDrill } from './restore/drill.ts'
import { releaseSuspect } from './backup/release-suspect.ts'
import { editBackup } from './backup/edit.ts'
import type { Engine } from './engine.ts'
import { cleanupSignal, recordedManifest, requireObject } from './artifacts/objects.ts'
import { acceptEmpty } from './recovery/accept-empty.ts'
import { backupLock, copyLock, retentionLock, sourceLock, uploadLock, verifyAllLock } from './jobs/locks.ts'
import { promisedStores, requireOwnStore, requirePromised } from './artifacts/locations.ts'
import { verifiedRanges } from './artifacts/verified-ranges.ts'
import { prune } from './retention/prune.ts'
import { rebuild } from './recovery/rebuild.ts'
import { storesToRebuild } from './recovery/external-stores.ts'
import { evictWhenCopied } from './retention/evict.ts'
import { requireTarget } from './restore/target.ts'
import { plannedRestore, restoreBackup, sourceItself } from './restore/restore.ts'
import { diffBackup, extractRows, otherSide, requireRows, rescueFrom } from './restore/rows.ts'
import { probeByName, storeStates } from './status/stores.ts'
import { trashBackup, undeleteBackup } from './retention/trash.ts'
import { thawBackup } from './restore/thaw.ts'
import { requireSource, serviceStatistics, sourceState } from './status/sources.ts'
import { verifyAll, verifyBackup } from './verify/verify.ts'
import { followed } from './jobs/work.ts'

/** What a probe may take. Milliseconds. */
const PROBE_MS = 120_000

/** Joins the verbs to the runner: what each one checks beforehand, what it holds, and as which job it runs. */
export function makeEngine (deps: EngineDeps): Engine {
  const { runner, catalog, settings, events } = deps
  const ranges = verifiedRanges()
  const upload: Engine['upload'] = async (id, { store, isOwn = false }) => {
    const backup = await catalog.backups.get(id)
    requireObject(backup)
    requireOwn(backup, 'copied')
    const stores = store === undefined
      ? requirePromised(deps, backup.source)
      : [requireOwnStore(deps, backup.source, store)]
    const locks = stores.map(({ store: { name } }) => copyLock(id, name))
    // The copier may have begun already: then it is waited for, and what it has brought there is looked at.
    const uploadLocks = isOwn ? [] : stores.map(({ store: { name } }) => uploadLock(id, name))
    const work = await runner.start({
      kind: 'upload',
      source: backup.source,
      backupId: id,
      locks: uploadLocks,
      skipsQueue: true,
      isOwn
    }, async task => {
      const lock = await runner.lockWhenFree(locks, task)
      return await copyBackup(deps, id, stores, task).finally(() => lock.release())
    })
    return followed(work, async () => {
      await evictWhenCopied(deps, id)
      return await catalog.backups.get(id)
    })
  }
  /** The backup is made, and stays, whatever becomes of its copies. */
  const copied = async (id: number): Promise<Backup> => {
    try {
      return await (await upload(id, { isOwn: true })).result
    } catch (thrown) {
      const { code, message, hint, cause } = toBackupError(thrown)
      throw new BackupError(code, `backup ${id} was made, but not every copy of it: ${message}`, {
        ...hint !== undefined && { hint },
        cause,
        details: { backupId: id }
      })
    }
  }
  return {
    async create (request) {
      const chosen = requireSource(deps, request.source)
      if (request.method !== undefined && request.method !== 'full') {
        throw new BackupError(
          'METHOD_UNSUPPORTED',
          `the source "${chosen.source.name}" has no "${request.method}" backups`,
          { hint: 'Leave "method" out, or say "full".' }
        )
      }
      const { name } = chosen.source
      if (request.upload === true) requirePromised(deps, name)
      const isOwn = request.type === 'scheduled'
      const work = await runner.start({
        kind: 'create',
        source: name,
        backupId: null,
        locks: [sourceLock(name)],
        isOwn
      }, task => createBackup(deps, chosen, request, task))
      return request.upload === true ? followed(work, async ({ id }) => await copied(id)) : work
    },

    async verify (id) {
      const backup = await catalog.backups.get(id)
      requireObject(backup)
      return await runner.start(
        { kind: 'verify', source: backup.source, backupId: id, locks: [backupLock(id)] },
        task => verifyBackup(deps, id, task)
      )
    },

    async verifyAll (request) {
      const source = request.source === undefined ? null : requireSource(deps, request.source).source.name
      const locks = (source === null ? [...deps.sources.keys()] : [source]).map(verifyAllLock)
      return await runner.start(
        { kind: 'verify-all', source, backupId: null, locks },
        task => verifyAll(deps, request, task)
      )
    },

    async prune ({ source, dryRun, force = false, isScheduled = false }) {
      const chosen = source === undefined ? [...deps.sources.values()] : [requireSource(deps, source)]
      const locks = dryRun ? [] : chosen.map(one => retentionLock(one.source.name))
      return await runner.start(
        { kind: 'prune', source: source ?? null, backupId: null, locks, isOwn: isScheduled },
        async task => {
          if (!dryRun) await deps.ownership.require(deps.store, task.signal)
          return await prune(deps, chosen, { dryRun, force, isByAdmin: !isScheduled }, task)
        }
      )
    },

    async remove (id, { force }) {
      const backup = await catalog.backups.get(id)
      requireObject(backup)
      requireOwn(backup, 'removed')
      await deps.ownership.require(deps.store, cleanupSignal())
      return await runner.start({
        kind: 'delete',
        source: backup.source,
        backupId: id,
        locks: [backupLock(id), retentionLock(backup.source)]
      }, () => trashBackup(deps, id, force))
    },

    upload,
    destinations: source => promisedStores(deps, source).map(({ store }) => store.name),

    async undelete (id) {
      const backup = await catalog.backups.get(id)
      requireObject(backup)
      requireOwn(backup, 'brought back')
      await deps.ownership.require(deps.store, cleanupSignal())
      return await runner.start({
        kind: 'undelete',
        source: backup.source,
        backupId: id,
        locks: [backupLock(id), retentionLock(backup.source)]
      }, task => undeleteBackup(deps, id, task.signal))
    },

    async restore (id, request) {
      const plan = await plannedRestore(deps, id, request)
      const locks = plan.inPlace === undefined
        ? [backupLock(id)]
        : [backupLock(id), sourceLock(plan.inPlace.source.name)]
      return await runner.start(
        { kind: 'restore', source: plan.backup.source, backupId: id, locks, isUrgent: true },
        task => restoreBackup(deps, plan, task)
      )
    },

    origin: async id => (await recordedManifest(deps, id)).source.location,
    thaw: (id, days) => thawBackup(deps, id, days, AbortSignal.timeout(60_000)),

    async drill ({ id: given, source, actor }) {
      const { id, reason } = given === undefined
        ? await nextDrill(deps, requireSource(deps, source).source.name)
        : { id: given, reason: 'it was asked for' }
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
      const before = await requireRows(deps, id)
      const after = await otherSide(deps, before, request.with)
      const ids = typeof after === 'string' ? [id] : [...new Set([id, after.backup.id])]
      return await runner.start({
        kind: 'diff',
        source: before.backup.source,
        backupId: id,
        locks: ids.map(backupLock)
      }, task => diffBackup(deps, before, after, request, task))
    },

    async rescue (id, request) {
      const rowed = await requireRows(deps, id)
      const { name } = (await sourceItself(deps, rowed.backup)).source
      const locks = request.dryRun ? [backupLock(id)] : [backupLock(id), sourceLock(name)]
      return await runner.start(
        { kind: 'rescue', source: name, backupId: id, locks, isUrgent: true },
        task => rescueFrom(deps, rowed, request, task)
      )
    },

    async extract (id, selection, file) {
      const rowed = await requireRows(deps, id)
      await requireTarget(deps, file, undefined)
      return await runner.start(
        { kind: 'rescue', source: rowed.backup.source, backupId: id, locks: [backupLock(id)] },
        task => extractRows(deps, rowed, selection, file, task)
      )
    },

    async rebuild (request = {}) {
      // What names no store is no job.
      if (request.from !== undefined) deps.locate(request.from)
      if (request.takeOver === true && request.from !== undefined) {
        throw new BackupError('VALIDATION_FAILED', 'a place that is only read from cannot be taken over', {
          hint: 'Configure it as a store, or leave "takeOver" out.'
        })
      }
      return await runner.start({ kind: 'rebuild', source: null, backupId: null, locks: [] }, async task => {
        task.phase('recording')
        if (request.acceptEmpty === true) await acceptEmpty(deps, task.signal)
        return await rebuild(deps, {
          stores: await storesToRebuild(deps, request, task.signal),
          isListing: request.isListing ?? false,
          takeOver: request.takeOver ?? false
        }, task.signal)
      })
    },

    backup: id => catalog.backups.get(id),
    backups: query => catalog.backups.list(query),
    async verifications (id) {
      await catalog.backups.get(id)
      return await catalog.backups.verifications(id)
    },
    manifest: id => catalog.backups.manifest(id),
    async edit (id, change) {
      const lock = await runner.locks.lock([backupLock(id)])
      try {
        return await editBackup(deps, id, change, AbortSignal.timeout(60_000))
      } finally {
        await lock.release()
      }
    },
    async release (id, actor) {
      const lock = await runner.locks.lock([backupLock(id)])
      try {
        return await releaseSuspect(deps, id, actor, AbortSignal.timeout(60_000))
      } finally {
        await lock.release()
      }
    },
    download: (id, { decoded }) => openDownload(deps, ranges, id, decoded),

    async sources () {
      return (await serviceStatistics(deps)).states
    },
    async source (name) {
      return await sourceState(deps, requireSource(deps, name))
    },
    statistics: () => serviceStatistics(deps),
    settings: () => settings.report(),
    async changeSettings (change) {
      const report = await settings.change(change)
      events.emit({ type: 'settings.changed' })
      return report
    },

    job: async id => runner.live(id) ?? await catalog.jobs.get(id),
    async jobs (query) {
      const page = await catalog.jobs.list(query)
      return { ...page, jobs: page.jobs.map(job => runner.live(job.id) ?? job) }
    },
    restores: query => catalog.restores.list(query),
    drillEvidence: query => drillEvidence(deps, query),
    restoreById: id => catalog.restores.get(id),
    runs: query => catalog.runs.list(query),
    cancel: id => runner.cancel(id),
    keys: () => keyStates(deps),
    signingKeys: () => deps.signing.keys,
    confirmKey: (id, actor) => confirmKey(deps, id, actor),
    stores: () => storeStates(deps),
    probe: name => probeByName(deps, name, AbortSignal.timeout(PROBE_MS)),
    version: () => `${catalog.version()}.${runner.changes}`
  }
}
