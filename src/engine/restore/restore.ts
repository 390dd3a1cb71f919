import type { Backup } from '../../core/backup/backup.ts'
import { partsOf, chainImageOf, type Manifest } from '../../core/backup/manifest.ts'
import { BackupError, toBackupError } from '../../core/errors.ts'
import type { Task } from '../../core/job.ts'
import { verificationMessage } from '../../core/ports/verification.ts'
import type { Restorable } from '../../core/restore/restorable.ts'
import type { Placement, Restore, Restorer } from '../../core/restore/restore.ts'
import { requireDigests, withChain, type LocatedLink } from '../artifacts/chain-images.ts'
import { checkScratch } from '../artifacts/free-space.ts'
import type { Images } from '../artifacts/images.ts'
import { makeSafetyBackup } from '../backup/safety-backup.ts'
import type { Created } from '../backup/created.ts'
import type { EngineDeps } from '../deps.ts'
import { describeRemoval, type Removal } from '../retention/removal.ts'
import { feasible, type RestorePlan } from './restore-plan.ts'
import { verifyBackup, type VerifyOptions } from '../verify/verify.ts'
import { throughCopies, type PassedOver } from './damaged-links.ts'

/**
 * Puts a backup back: finds out what would stand in the way, verifies the backup, backs up what stands there now,
 * restores, and records it. The undo of a restore is a restore of that safety backup (`presentUndo` shows the command).
 * What fails on the way leaves the source as it was. The caller holds the backup and the source.
 */
export async function restoreBackup (deps: EngineDeps, planned: RestorePlan, task: Task): Promise<Restore> {
  const plan = await feasible(planned, task)
  const { backup, placement } = plan
  const row = await deps.catalog.restores.start({
    kind: 'restore',
    backupId: backup.id,
    source: backup.source,
    target: placement.path,
    mode: placement.mode,
    aside: placement.aside,
    actor: plan.actor,
    startedAt: deps.clock.now()
  })
  try {
    const done = await verifyAndPlace(deps, plan, row.id, task)
    deps.events.emit({ type: 'restore.completed', restore: done })
    return done
  } catch (thrown) {
    throw await failed(deps, plan, row.id, toBackupError(task.signal.aborted ? task.signal.reason : thrown))
  }
}

/** From good copies; the present content of the target is backed up once. */
async function verifyAndPlace (deps: EngineDeps, plan: RestorePlan, restoreId: number, task: Task): Promise<Restore> {
  let safety: Promise<Created | undefined> | undefined
  const secure = (): Promise<Created | undefined> => {
    safety ??= secured(deps, plan, restoreId, task)
    return safety
  }
  return await throughCopies(
    deps,
    plan.backup,
    (chain, passedOver) => fromPlaces(deps, plan, { restoreId, chain, passedOver, secure }, task),
    task
  )
}

interface Placing {
  readonly restoreId: number
  readonly chain: readonly [LocatedLink, ...LocatedLink[]]
  readonly passedOver: PassedOver
  /** Backs up the present content of the target, once. */
  readonly secure: () => Promise<Created | undefined>
}

/**
 * What is on a disk here is proven first, where it lies; what has to be fetched is fetched once, and proven and placed
 * from where it was unpacked.
 */
async function fromPlaces (deps: EngineDeps, plan: RestorePlan, placing: Placing, task: Task): Promise<Restore> {
  const { backup, verify, placement, restorer } = plan
  const { chain, passedOver, secure } = placing
  const { location } = chain.at(-1) ?? chain[0]
  const { isOwn, provesContent = false } = restorer.needs(placement)
  const unpacked = unpackedBytes(chain.map(link => link.manifest), restorer, placement)
  const using = async (isOwn: boolean, work: (restorable: Restorable, images: Images) => Promise<Restore>) =>
    await withChain(
      deps,
      chain,
      {
        isOwn,
        requireRoom: bytes => checkScratch(deps, bytes),
        onUnpack: bytes => {
          task.phase('unpacking', bytes)
        },
        onBytes: bytes => {
          task.bytes(bytes)
        }
      },
      work,
      task.signal
    )
  // The recorded result is that of the nearest copy: a good copy elsewhere does not make a damaged one valid.
  const way: VerifyOptions = { location, isRecorded: passedOver.addresses.size === 0 }
  if (await location.store.file(location.key, task.signal) !== undefined) {
    if (isOwn) await checkScratch(deps, unpacked)
    if (!provesContent) {
      if (verify) await requireVerified(deps, backup.id, way, task)
      for (const link of verify ? chain.slice(0, -1) : chain) await requireDigests(link, task)
    }
    const safety = await secure()
    return await using(isOwn, (restorable, images) => placed(deps, plan, placing, { restorable, images, safety }, task))
  }
  await checkScratch(deps, unpacked)
  return await using(true, async (restorable, images) => {
    if (verify && !provesContent) await requireVerified(deps, backup.id, { ...way, images, isDigested: true }, task)
    return await placed(deps, plan, placing, { restorable, images, safety: await secure() }, task)
  })
}

/**
 * The most bytes of scratch space that a restore takes: of everything, where the content is verified before and may be
 * unpacked for that, otherwise of the parts that are used as files.
 */
export function unpackedBytes (chain: readonly Manifest[], restorer: Restorer, placement: Placement): number {
  const { files, provesContent = false } = restorer.needs(placement)
  return chain.reduce(
    (sum, manifest) =>
      partsOf(manifest).filter(({ name }) => !provesContent || files.includes(name)).reduce(
        (bytes, { image }) => bytes + image.size,
        sum
      ),
    0
  )
}

async function requireVerified (deps: EngineDeps, id: number, way: VerifyOptions, task: Task): Promise<void> {
  const { verification } = await verifyBackup(deps, id, task, way)
  if (verification.valid) return
  throw new BackupError('BACKUP_INVALID', verificationMessage(verification), {
    hint: 'Restore another backup; the list of backups shows which are valid.'
  })
}

/** Backs up the present content of the source; undefined: it is not the target, or cannot be backed up. */
async function secured (
  deps: EngineDeps,
  { backup, placement, inPlace, restorer, modes }: RestorePlan,
  restoreId: number,
  task: Task
): Promise<Created | undefined> {
  if (inPlace === undefined || restorer.undoneBy === 'aside') return undefined
  const safety = await makeSafetyBackup(deps, inPlace, {
    before: `the restore of backup ${backup.id}`,
    mayBeDamaged: modes.some(({ name, needsSource }) => name === placement.mode && !needsSource)
  }, task)
  if (safety !== undefined) await deps.catalog.restores.secured(restoreId, safety.id)
  return safety
}

interface Ready {
  readonly restorable: Restorable
  /** Of the backup itself. */
  readonly images: Images
  readonly safety: Created | undefined
}

async function placed (
  deps: EngineDeps,
  { restorer, placement }: RestorePlan,
  { restoreId, chain, passedOver }: Placing,
  { restorable, images, safety }: Ready,
  task: Task
): Promise<Restore> {
  for (const part of restorer.needs(placement).files) await images.file(part, task.signal)
  const unpacking = images.unpacking
  task.phase('restoring', chainImageOf(chain.map(link => link.manifest)))
  const { bytes, isOldKept, took, warnings } = await restorer.place(restorable, placement, done => {
    task.bytes(done)
  }, task.signal)
  const restoreTime = Math.round(unpacking + took)
  const at = deps.clock.now()
  const { isKept, leftover } = isOldKept
    ? await withoutAside(restorer, placement, safety, restoreId)
    : { isKept: false, leftover: [] }
  try {
    return await deps.catalog.restores.complete(restoreId, {
      bytes,
      restoreTime,
      aside: isKept ? placement.aside : null,
      warnings: [...passedOver.warnings, ...warnings, ...(safety?.removed ?? []).map(roomWarning), ...leftover],
      at
    })
  } catch (thrown) {
    const { code, message } = toBackupError(thrown)
    throw new BackupError(code, `the backup was restored, but the result could not be recorded: ${message}`, {
      cause: thrown
    })
  }
}

/**
 * Removes the file that was replaced where a proven backup has its content. A file that cannot be removed is kept, with
 * a warning.
 */
async function withoutAside (
  restorer: Restorer,
  { aside }: Placement,
  safety: Backup | undefined,
  restoreId: number
): Promise<{ readonly isKept: boolean, readonly leftover: readonly string[] }> {
  if (safety?.verification.status !== 'valid') {
    return { isKept: true, leftover: restorer.undoneBy === 'aside' ? [keptWarning(aside, restoreId)] : [] }
  }
  try {
    await restorer.discard(aside)
    return { isKept: false, leftover: [] }
  } catch (thrown) {
    return {
      isKept: true,
      leftover: [`the old file "${aside}" could not be removed: ${toBackupError(thrown).message}`]
    }
  }
}

/** `restoreId`: of a restore that `undoRestore` can undo. */
export function keptWarning (aside: string, restoreId?: number): string {
  return restoreId === undefined
    ? `what was there before is kept as "${aside}": rename it to undo the restore, or remove it`
    : `what was there before is kept as "${aside}": "holdfast restores undo ${restoreId}" puts it back, "holdfast restores discard ${restoreId}" removes it`
}

/** For a backup that was removed to make room for the backup of the current content. */
export function roomWarning (removal: Removal): string {
  return `removed to make room for the backup of the previous content: ${describeRemoval(removal)}`
}

/** Records the failure, and returns the error with the backup that has the state from before, if there is one. */
async function failed (
  deps: EngineDeps,
  { restorer, placement, backup }: RestorePlan,
  restoreId: number,
  error: BackupError
): Promise<BackupError> {
  try {
    const isKept = await restorer.settle(placement.path, placement.aside)
    const restore = await deps.catalog.restores.fail(restoreId, {
      code: error.code,
      message: error.message,
      aside: isKept ? placement.aside : null,
      at: deps.clock.now()
    })
    deps.events.emit({ type: 'restore.failed', restore, code: error.code })
    return withSafetyBackup(error, restore)
  } catch (thrown) {
    reportUndecided(deps, backup, thrown)
    return error
  }
}

/** The error with the backup that has the state from before the restore, if there is one. */
export function withSafetyBackup (error: BackupError, { safetyBackupId }: Restore): BackupError {
  if (safetyBackupId === null) return error
  const { code, message, hint, details } = error
  return new BackupError(code, message, {
    ...hint !== undefined && { hint },
    details: { ...details, safetyBackupId },
    cause: error
  })
}

/** The row of the restore stays undecided: housekeeping tries again, and the caller hears of the first error. */
export function reportUndecided ({ events }: EngineDeps, { source, method }: Backup, thrown: unknown): void {
  events.emit({ type: 'operation.failed', operation: 'restore', source, method, code: toBackupError(thrown).code })
}
