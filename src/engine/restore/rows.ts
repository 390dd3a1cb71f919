import type { Backup } from '../../core/backup/backup.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { memberChain, setDetailsOf } from '../../core/backup/members.ts'
import { BackupError } from '../../core/errors.ts'
import type { Task } from '../../core/job.ts'
import type { ProtectedSource } from '../../core/protected-source.ts'
import type { Restorable } from '../../core/restore/restorable.ts'
import type {
  ConflictPolicy,
  Difference,
  LiveSource,
  Rescue,
  RescueOptions,
  RowSelection,
  RowTool
} from '../../core/restore/rows.ts'
import { followedPath } from '../../files/followed-path.ts'
import { requireOpener } from '../artifacts/decryption.ts'
import { chainOf, withChain } from '../artifacts/chain-images.ts'
import { checkScratch } from '../artifacts/free-space.ts'
import { trustedManifest, requireObject } from '../artifacts/objects.ts'
import { makeSafetyBackup } from '../backup/safety-backup.ts'
import type { Removal } from '../retention/removal.ts'
import type { EngineDeps } from '../deps.ts'
import { requireKind } from '../require-kind.ts'
import { sourceItself } from './restore-plan.ts'
import { viewOf } from './set/member-view.ts'

export interface DiffRequest {
  /** What the backup is compared with: another backup by its id, or the source as it stands now. */
  readonly with: number | 'live'
  /** Of a backup of a set: the member that has the rows. */
  readonly member?: string | undefined
  /** Only these tables; left out: all. */
  readonly tables?: readonly string[] | undefined
  /** At most so many rows of each table are returned. Default: 0. */
  readonly rows?: number | undefined
  /** Rows of each table that are passed over first. Default: 0. */
  readonly from?: number | undefined
  /** Bytes at which a value is cut. Default: `VALUE_BYTES`. */
  readonly valueBytes?: number | undefined
}

export interface Compared {
  readonly backup: Backup
  /** null: the live database. */
  readonly other: Backup | null
  readonly difference: Difference
}

export interface RescueRequest {
  /** Of a backup of a set: the member that has the rows. */
  readonly member?: string | undefined
  readonly selections: readonly RowSelection[]
  /** Whether rows that refer to the chosen ones, and are gone, come along. Default: not. */
  readonly children?: boolean | undefined
  /** Default: `skip`. */
  readonly conflict?: ConflictPolicy | undefined
  /** Nothing is changed: the result is what would be done. */
  readonly dryRun: boolean
  /** How long to wait for those who hold the database, in milliseconds. Default: 15 seconds. */
  readonly timeout?: number | undefined
}

export interface Rescued {
  readonly backup: Backup
  readonly dryRun: boolean
  readonly rescue: Rescue
  /** The backup from before live rows were overwritten; null: none were, or it was a dry run. */
  readonly safetyBackupId: number | null
  /** Backups that were removed to make room for that one. */
  readonly removed: readonly Removal[]
}

/** How long a rescue waits for those who hold the database, where the request says nothing. Milliseconds. */
const TIMEOUT = 15_000

/** A backup whose rows can be looked at. */
export interface BackupWithRows {
  readonly backup: Backup
  /** Of the source alone. */
  readonly manifest: Manifest
  /** The member of a set that has the rows; null: it is a backup of one source. */
  readonly member: string | null
  readonly tool: RowTool
}

/** What is read of one source in a backup. */
export type SourceInBackup = Omit<BackupWithRows, 'tool'>

/**
 * Rejects with `BACKUP_NOT_FOUND`, `BACKUP_NOT_COMPLETED`, `BACKUP_DELETED`, `KEY_MISSING`, and as `viewOf`. `wanted`:
 * of a backup of a set, the member that has the rows.
 */
export async function requireReadable (deps: EngineDeps, id: number, wanted?: string): Promise<SourceInBackup> {
  const backup = await deps.catalog.backups.get(id)
  requireObject(backup)
  const whole = await trustedManifest(deps, id)
  requireOpener(deps.keyring, whole)
  const { manifest, member } = viewOf(backup, whole, wanted)
  return { backup, manifest, member: member?.name ?? null }
}

/** Rejects as `requireReadable`, and with `METHOD_UNSUPPORTED` for a kind without rows. */
export async function requireRows (deps: EngineDeps, id: number, wanted?: string): Promise<BackupWithRows> {
  const readable = await requireReadable(deps, id, wanted)
  const { kind } = readable.manifest.source
  const { rows: tool } = requireKind(deps, kind)
  if (tool === null) {
    throw new BackupError('METHOD_UNSUPPORTED', `backups of the kind "${kind}" do not support the comparison of rows`, {
      hint: 'Restore the backup to another path, and inspect it there.'
    })
  }
  return { ...readable, tool }
}

/** What a backup is held against: another one, or the source itself. */
export async function otherSide (
  deps: EngineDeps,
  before: BackupWithRows,
  wanted: DiffRequest['with']
): Promise<BackupWithRows | LiveSource> {
  if (wanted !== 'live') return await requireRows(deps, wanted, await memberIn(deps, wanted, before))
  return { location: followedPath((await liveSourceOf(deps, before)).source.location) }
}

/** The member of the other backup, where that is one of a set: of the same source. */
async function memberIn ({ catalog }: EngineDeps, id: number, before: BackupWithRows): Promise<string | undefined> {
  const manifest = await catalog.backups.manifest(id)
  return manifest === undefined || setDetailsOf(manifest) === null ? undefined : before.manifest.source.name
}

/** The source that the rows are of. As `sourceItself`. */
export async function liveSourceOf (
  deps: EngineDeps,
  { backup: { id }, manifest }: Pick<BackupWithRows, 'backup' | 'manifest' | 'member'>
): Promise<ProtectedSource> {
  return await sourceItself(deps, { id, source: manifest.source.name })
}

/** Compares the rows of a backup with those of another, or of the live database. */
export async function diffBackup (
  deps: EngineDeps,
  before: BackupWithRows,
  after: BackupWithRows | LiveSource,
  { tables, rows = 0, from, valueBytes }: DiffRequest,
  task: Task
): Promise<Compared> {
  const difference = await withRestorable(deps, before, task, async backup => {
    const compare = async (other: Restorable | LiveSource) => {
      task.phase('comparing')
      return await before.tool.diff(backup, other, { tables, rows, from, valueBytes }, task.signal)
    }
    return 'location' in after ? await compare(after) : await withRestorable(deps, after, task, compare)
  })
  return { backup: before.backup, other: 'location' in after ? null : after.backup, difference }
}

/**
 * Brings rows back into the live database, or tells what that would do. The caller holds the backup and, for a real
 * one, the source.
 */
export async function rescueFrom (
  deps: EngineDeps,
  rowed: BackupWithRows,
  request: RescueRequest,
  task: Task
): Promise<Rescued> {
  const { backup, tool } = rowed
  const chosen = await liveSourceOf(deps, rowed)
  const live: LiveSource = { location: followedPath(chosen.source.location) }
  const options: RescueOptions = {
    selections: request.selections,
    children: request.children ?? false,
    conflict: request.conflict ?? 'skip',
    timeout: request.timeout ?? TIMEOUT
  }
  return await withRestorable(deps, rowed, task, async restorable => {
    task.phase('comparing')
    const plan = await tool.plan(restorable, live, options, task.signal)
    if (request.dryRun) return { backup, dryRun: true, rescue: plan, safetyBackupId: null, removed: [] }
    // What is refused writes nothing, and says so below.
    const safety = overwrites(plan) && !plan.refused
      ? await makeSafetyBackup(
        deps,
        chosen,
        { before: `overwriting live rows with rows of backup ${backup.id}`, mayBeDamaged: false },
        task
      )
      : undefined
    task.phase('rescuing')
    const rescue = await tool.rescue(restorable, live, options, task.signal)
    deps.events.emit({ type: 'rescue.completed', backup, tables: rescue.tables })
    return { backup, dryRun: false, rescue, safetyBackupId: safety?.id ?? null, removed: safety?.removed ?? [] }
  })
}

function overwrites ({ tables }: Rescue): boolean {
  return tables.some(({ overwritten }) => overwritten > 0)
}

/** Writes rows to a file, and says how many. */
export async function extractRows (
  deps: EngineDeps,
  rowed: BackupWithRows,
  selection: RowSelection,
  file: string,
  task: Task
): Promise<number> {
  return await withRestorable(deps, rowed, task, async restorable => {
    task.phase('rescuing')
    return await rowed.tool.extract(restorable, selection, file, task.signal)
  })
}

/**
 * Files of this process alone, compared with their digests: rows of a damaged or exchanged backup must not get into a
 * sound database.
 */
export async function withRestorable<T> (
  deps: EngineDeps,
  { backup, member }: SourceInBackup,
  task: Task,
  work: (restorable: Restorable) => Promise<T>
): Promise<T> {
  const chain = await chainOf(deps, backup, task.signal)
  return await withChain(
    deps,
    chain,
    {
      isOwn: true,
      requireRoom: bytes => checkScratch(deps, bytes),
      onUnpack: bytes => {
        task.phase('unpacking', bytes)
      },
      onBytes: bytes => {
        task.bytes(bytes)
      }
    },
    restorable => work(member === null ? restorable : memberChain(restorable, member)),
    task.signal
  )
}
