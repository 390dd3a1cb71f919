import { cleanupSignal } from '../../core/cleanup-signal.ts'
import type { Backup } from '../../core/backup/backup.ts'
import type { Measures } from '../../core/backup/measures.ts'
import { siblingKey } from '../../core/backup/object-key.ts'
import { BackupError, toBackupError } from '../../core/errors.ts'
import type { Task } from '../../core/job.ts'
import type { Compression } from '../../core/ports/codec.ts'
import type { Cipher, Opener } from '../../core/ports/encryption.ts'
import { MAIN, type PartRecord, type PartStream } from '../../core/ports/part.ts'
import type { Outcome, Snapshot, SnapshotRequest, Source } from '../../core/ports/source.ts'
import { writeObject } from '../../pipeline/write-object.ts'
import type { EngineDeps } from '../deps.ts'
import { makeRoom, type OnRemoval } from './space.ts'

/** The objects that this job has put under the names of its row: nothing else may be removed by those names. */
export interface PutState {
  /** By key. `maybe`: the store failed while the part was put, and may have kept it. */
  readonly parts: Map<string, 'maybe' | 'yes'>
  /**
   * The disk of the scratch directory was full, and is another than that of the store: there the trash would give way
   * for nothing.
   */
  isScratchFull: boolean
}

export interface BackupPlan {
  readonly source: Source
  readonly request: SnapshotRequest
  readonly plan: {
    readonly compression: Compression
    /** null: the backup is not encrypted. */
    readonly cipher: Cipher | null
  }
  /** Names the files. */
  readonly row: Backup
}

/** What is in the store, the manifest excepted. */
export interface StoredBackup {
  readonly parts: readonly [PartRecord, ...PartRecord[]]
  readonly outcome: Outcome
  /** Of the main part. */
  readonly measures: Measures
  /**
   * By the name of the part: each knows the key of that one object, so that it can be verified where no private key is;
   * it is forgotten with the verification. Empty where nothing is encrypted.
   */
  readonly openers: ReadonlyMap<string, Opener>
}

/**
 * A store that fills up all the same makes others give way, and the backup is tried once more. `onRemoval` gets each
 * backup that gave way. `size`: bytes of the plain image; null: nothing gives way for it.
 */
export async function withRoom<T> (
  deps: EngineDeps,
  size: number | null,
  put: PutState,
  work: () => Promise<T>,
  { signal }: Task,
  onRemoval: OnRemoval
): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (
      size === null || signal.aborted || toBackupError(thrown).code !== 'DISK_FULL' || put.isScratchFull ||
      !await makeRoom(deps, size, signal, onRemoval)
    ) {
      throw thrown
    }
    return await work()
  }
}

/**
 * Takes a snapshot and stores its parts, one after the other. What fails on the way leaves none of them that is known
 * to be there; `put` names those that may be.
 */
export async function storeParts (
  deps: EngineDeps,
  { source, request, plan, row }: BackupPlan,
  put: PutState,
  task: Task
): Promise<StoredBackup> {
  const snapshot = await source.snapshot(request, task.signal).catch(async (thrown: unknown) => {
    put.isScratchFull = await isOfScratch(deps, thrown)
    throw thrown
  })
  try {
    return await storedParts(deps, snapshot, { plan, row }, put, task)
  } catch (thrown) {
    if (toBackupError(thrown).code === 'DISK_FULL') {
      await snapshot.close()
      put.isScratchFull = await snapshot.outcome().then(() => false, (error: unknown) => isOfScratch(deps, error))
    }
    for (const [key, state] of put.parts) {
      if (state !== 'yes') continue
      await deps.store.remove(key, cleanupSignal())
      put.parts.delete(key)
    }
    throw thrown
  } finally {
    await snapshot.close()
  }
}

async function storedParts (
  deps: EngineDeps,
  snapshot: Snapshot,
  { plan, row }: Pick<BackupPlan, 'plan' | 'row'>,
  put: PutState,
  task: Task
): Promise<StoredBackup> {
  const names = new Map([[MAIN, row.key], ...row.parts.map(({ name, fileName }) => [name, fileName] as const)])
  const records: PartRecord[] = []
  const openers = new Map<string, Opener>()
  let measures: Measures | undefined
  let before = 0
  for await (const part of snapshot.parts()) {
    const name = names.get(part.name)
    if (name === undefined || !names.delete(part.name)) throw unexpected(row, part)
    if (part.name === MAIN) task.phase('storing', part.size ?? undefined)
    const seal = plan.cipher?.seal() ?? null
    const compression = part.isPacked ? 'none' : plan.compression
    const written = await putPart(siblingKey(row.key, name), put, key =>
      writeObject({
        image: part.image,
        size: part.size,
        codec: deps.codecs[compression],
        seal,
        store: deps.store,
        key,
        onBytes: bytes => {
          task.bytes(before + bytes)
        }
      }, task.signal))
    before += written.image.size
    if (part.name === MAIN) measures = written.measures
    if (seal !== null) openers.set(part.name, seal)
    records.push({
      name: part.name,
      format: part.format,
      isIndex: part.isIndex,
      object: { name, ...written.object },
      image: written.image,
      compression
    })
  }
  const outcome = await snapshot.outcome()
  const [main, ...others] = records
  if (main === undefined || measures === undefined || names.size > 0) throw unexpected(row)
  return { parts: [main, ...others], outcome, measures, openers }
}

/** A name that was free and that another process has taken since is none of this job's. */
async function putPart<T> (
  key: string,
  { parts }: PutState,
  write: (key: string) => Promise<T>
): Promise<T> {
  parts.set(key, 'maybe')
  try {
    const written = await write(key)
    parts.set(key, 'yes')
    return written
  } catch (thrown) {
    if (toBackupError(thrown).code === 'OBJECT_EXISTS') parts.delete(key)
    throw thrown
  }
}

/** The source gave other parts than it had named. */
function unexpected ({ source }: Backup, part?: PartStream): BackupError {
  const what = part === undefined ? 'fewer parts than announced' : `an unannounced part "${part.name}"`
  return new BackupError('SOURCE_FAILED', `the source "${source}" returned ${what}`, { hint: 'Try again.' })
}

/** Whether an error of the source is one of the scratch directory, on a disk of its own. */
async function isOfScratch (deps: EngineDeps, error: unknown): Promise<boolean> {
  return toBackupError(error).code === 'DISK_FULL' && !await deps.isScratchOnStoreDisk()
}
