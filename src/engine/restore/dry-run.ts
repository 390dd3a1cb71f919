import { statfs } from 'node:fs/promises'
import { dirname, isAbsolute } from 'node:path'
import type { Backup } from '../../core/backup/backup.ts'
import { chainImageOf, type Manifest } from '../../core/backup/manifest.ts'
import { toBackupError, type BackupError } from '../../core/errors.ts'
import type { Task } from '../../core/job.ts'
import type { TableFacts } from '../../core/ports/source.ts'
import { estimateRestore, type RestoreEstimate } from '../../core/restore/estimate.ts'
import type { Holder, Placement } from '../../core/restore/restore.ts'
import { linksOf } from '../artifacts/links.ts'
import type { EngineDeps } from '../deps.ts'
import { feasible, type RestorePlan } from './restore-plan.ts'
import { unpackedBytes } from './restore.ts'
import { diffBackup, otherSide, requireRows } from './rows.ts'

/** So many of the newest restores and drills of the source are looked at for an estimate. */
export const EARLIER = 50
/** The backup of what is there now is at most as large as this one. */
const PLAIN = { method: 'full', parent: null, compression: 'none' } as const

/** What would become of the rows of one table. */
export interface TableChange {
  readonly table: string
  /** Whether the restore would make the table, or remove it. */
  readonly presence: 'both' | 'created' | 'dropped'
  /** Rows that the backup has and the source does not. */
  readonly inserted: number
  /** Rows that the source has and the backup does not: they would be gone. */
  readonly deleted: number
  readonly changed: number
  readonly same: number
}

/** The rows of a table in the backup and in the source; null: it has no such table, or they were not counted. */
export interface TableCounts {
  readonly table: string
  readonly backup: number | null
  readonly live: number | null
}

/** Room for what a restore writes. */
export interface SpaceNeed {
  /** `scratch`: the unpacked backup; `target`: the restored content; `backups`: the backup of what is there now. */
  readonly use: 'scratch' | 'target' | 'backups'
  /** A directory; of `backups` the name of the store. */
  readonly place: string
  /** Bytes, at most. */
  readonly needed: number
  /** Bytes; null: not known. */
  readonly free: number | null
}

/** What a restore would do. */
export interface DryRun {
  readonly backup: Backup
  readonly mode: Placement['mode']
  readonly target: string
  /** Whether what is there now would be backed up first. */
  readonly isSecured: boolean
  /** In the order of their names, those that would change; null: not known, for the reason in `rowsUnknown`. */
  readonly tables: readonly TableChange[] | null
  /** Tables that cannot be compared, with the reason. */
  readonly skipped: ReadonlyArray<{ readonly table: string, readonly reason: string }>
  /** Where rows cannot be compared, but counted: the tables with other counts, in the order of their names. */
  readonly counts?: readonly TableCounts[]
  /** Why `tables` is null, in words; null: it is not. */
  readonly rowsUnknown: string | null
  readonly space: readonly SpaceNeed[]
  /** Processes that have the target open, as far as the system shows them to this user. */
  readonly holders: readonly Holder[]
  readonly estimate: RestoreEstimate
  /** What the restore would fail with now; null: nothing is in its way. */
  readonly obstacle: BackupError | null
  /** Of the backup of a set: each member that would be restored. Default: it is a backup of one source. */
  readonly members?: readonly MemberDryRun[]
}

/** What a restore would do with one member of a set. */
export interface MemberDryRun extends Pick<DryRun, 'mode' | 'target' | 'holders' | 'obstacle'> {
  readonly name: string
  readonly kind: string
}

/**
 * Finds out what the restore would do. Writes to scratch space alone, which is empty again afterwards; neither the
 * target nor the catalog nor a store is changed. The caller holds the backup. Rejects for an abort alone.
 */
export async function dryRun (deps: EngineDeps, planned: RestorePlan, task: Task): Promise<DryRun> {
  const { plan, obstacle } = await asFeasible(planned, task)
  const { backup, restorer, placement } = plan
  const { restores } = await deps.catalog.restores.list({ source: backup.source, limit: EARLIER })
  const chain = await manifestsOf(deps, plan)
  return {
    backup,
    mode: placement.mode,
    target: placement.path,
    isSecured: isSecured(plan),
    ...await rowsOf(deps, plan, task),
    space: await spaceOf(deps, plan, chain, task.signal),
    holders: await restorer.holders(placement.path, task.signal),
    estimate: estimateRestore(restores, chainImageOf(chain)),
    obstacle
  }
}

/** What is kept aside needs no backup. */
function isSecured ({ inPlace, restorer }: RestorePlan): boolean {
  return inPlace !== undefined && restorer.undoneBy === 'backup'
}

async function asFeasible (
  plan: RestorePlan,
  task: Task
): Promise<{ readonly plan: RestorePlan, readonly obstacle: BackupError | null }> {
  try {
    return { plan: await feasible(plan, task), obstacle: null }
  } catch (thrown) {
    task.signal.throwIfAborted()
    return { plan, obstacle: toBackupError(thrown) }
  }
}

async function rowsOf (
  deps: EngineDeps,
  { backup, manifest, inPlace, restorer, placement }: RestorePlan,
  task: Task
): Promise<Pick<DryRun, 'tables' | 'skipped' | 'rowsUnknown' | 'counts'>> {
  if (inPlace === undefined) return unknown('the backup is restored to another path')
  if (restorer.counts !== undefined) {
    try {
      const counts = differentCounts(manifest.facts.tables, await restorer.counts(placement.path, task.signal))
      return { ...unknown('rows were counted, and not compared one by one'), counts }
    } catch (thrown) {
      task.signal.throwIfAborted()
      return unknown(toBackupError(thrown).message)
    }
  }
  return await tableChanges(deps, backup.id, undefined, task)
}

function differentCounts (
  tables: readonly TableFacts[],
  live: readonly TableFacts[]
): readonly TableCounts[] {
  const [before, now] = [tables, live].map(list => new Map(list.map(({ name, rows }) => [name, rows])))
  return [...new Set([...tables, ...live].map(({ name }) => name))].toSorted()
    .map(table => ({ table, backup: before?.get(table) ?? null, live: now?.get(table) ?? null }))
    .filter(({ backup, live }) => backup !== live)
}

/** What would become of the rows of a source, or of a member of the backup of a set. */
export async function tableChanges (
  deps: EngineDeps,
  backupId: number,
  member: string | undefined,
  task: Task
): Promise<Pick<DryRun, 'tables' | 'skipped' | 'rowsUnknown'>> {
  try {
    const before = await requireRows(deps, backupId, member)
    const live = await otherSide(deps, before, 'live')
    const { difference } = await diffBackup(deps, before, live, { with: 'live' }, task)
    const tables = difference.tables.map(({ table, presence, added, removed, changed, same }): TableChange => ({
      table,
      presence: presence === 'both' ? 'both' : presence === 'added' ? 'dropped' : 'created',
      inserted: removed,
      deleted: added,
      changed,
      same
    }))
    return { tables, skipped: difference.skipped, rowsUnknown: null }
  } catch (thrown) {
    task.signal.throwIfAborted()
    return unknown(toBackupError(thrown).message)
  }
}

function unknown (reason: string): Pick<DryRun, 'tables' | 'skipped' | 'rowsUnknown'> {
  return { tables: null, skipped: [], rowsUnknown: reason }
}

/** Of the backup and of all that it depends on, as far as the catalog has them. */
async function manifestsOf (deps: EngineDeps, { backup, manifest }: RestorePlan): Promise<readonly Manifest[]> {
  const [, ...ancestors] = await linksOf(deps, backup)
  const found = await Promise.all(ancestors.map(({ id }) => deps.catalog.backups.manifest(id)))
  return [manifest, ...found.filter(one => one !== undefined)]
}

/** The free space for what is put at a path. That of a server is not known. */
export async function roomAt (path: string): Promise<Pick<SpaceNeed, 'place' | 'free'>> {
  if (!isAbsolute(path)) return { place: path, free: null }
  const place = dirname(path)
  return { place, free: await statfs(place).then(({ bavail, bsize }) => bavail * bsize, () => null) }
}

async function spaceOf (
  deps: EngineDeps,
  plan: RestorePlan,
  chain: readonly Manifest[],
  signal: AbortSignal
): Promise<readonly SpaceNeed[]> {
  const { placement, inPlace, restorer } = plan
  const size = chainImageOf(chain)
  const [scratch, backups] = [await deps.scratch.space(), await deps.store.space(signal)]
  return [
    {
      use: 'scratch',
      place: deps.scratch.directory,
      needed: unpackedBytes(chain, restorer, placement),
      free: scratch.free
    },
    {
      use: 'target',
      ...await roomAt(placement.path),
      needed: size
    },
    ...inPlace === undefined || !isSecured(plan)
      ? []
      : [{
        use: 'backups' as const,
        place: deps.store.name,
        needed: await inPlace.source.probe(PLAIN, signal).then(probe => probe.size ?? size, () => size),
        free: backups?.free ?? null
      }]
  ]
}
