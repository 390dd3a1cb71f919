import { randomUUID } from 'node:crypto'
import type { Backup } from '../../core/backup/backup.ts'
import { partsOf, chainImageOf, type Manifest } from '../../core/backup/manifest.ts'
import { BackupError, toBackupError } from '../../core/errors.ts'
import type { Task } from '../../core/job.ts'
import { verificationMessage } from '../../core/ports/verification.ts'
import type { LoadedKind } from '../../core/ports/source-kind.ts'
import type { ProtectedSource } from '../../core/protected-source.ts'
import { isIncrement } from '../../core/recovery/chain.ts'
import { planRecovery } from '../../core/recovery/plan.ts'
import type { Restorable } from '../../core/restore/restorable.ts'
import type { Placement, Restore, RestoreMode, Restorer } from '../../core/restore/restore.ts'
import { followedPath } from '../../files/followed-path.ts'
import { chainOf, requireDigests, withChain, type LocatedLink } from '../artifacts/chain-images.ts'
import { requireOpener } from '../artifacts/decryption.ts'
import { checkScratch } from '../artifacts/free-space.ts'
import type { Images } from '../artifacts/images.ts'
import { linksOf } from '../artifacts/links.ts'
import { trustedManifest, requireObject } from '../artifacts/objects.ts'
import { makeSafetyBackup } from '../backup/safety-backup.ts'
import type { EngineDeps } from '../deps.ts'
import { requireKind } from '../require-kind.ts'
import { verifyBackup, type VerifyOptions } from '../verify/verify.ts'
import { passOver, withoutOthers, type PassedOver } from './damaged-links.ts'
import { requireTree } from './files.ts'
import { confinedTarget, followedTarget, requireTarget } from './target.ts'

export interface RestoreRequest {
  /** An absolute path. Default: the source itself. */
  readonly target?: string | undefined
  /**
   * Whether `target` must be in one of the directories that the configuration names, as for callers who have no shell.
   * Default: not.
   */
  readonly isConfined?: boolean | undefined
  /** For the source itself. Default: `live`, or `replace` where there is no database to write into. */
  readonly mode?: RestoreMode | undefined
  /**
   * Only what one of these patterns matches is restored, to `target`. For kinds whose backups consist of files.
   * Default: everything.
   */
  readonly paths?: readonly string[] | undefined
  /** Whether a file at `target` may give way. */
  readonly overwrite?: boolean | undefined
  /** false: only its digest is checked first, not what is in it. */
  readonly verify?: boolean | undefined
  /** How long to wait for those who hold the database, in milliseconds. Default: 15 seconds. */
  readonly timeout?: number | undefined
  /** Who asks for it. */
  readonly actor?: string | undefined
}

/** How long a restore waits for those who hold the database, where the request says nothing. Milliseconds. */
const TIMEOUT = 15_000

/** What is to be put where. */
export interface RestorePlan {
  readonly backup: Backup
  readonly manifest: Manifest
  readonly restorer: Restorer
  readonly placement: Placement
  /** undefined: to a path of its own, where nothing stands that would have to be secured. */
  readonly inPlace: ProtectedSource | undefined
  /** Whether `replace` may be taken instead of `live` where there is nothing to write into. */
  readonly mayReplace: boolean
  readonly verify: boolean
  readonly actor: string | null
}

/**
 * What can be told before anything is begun. Rejects with `BACKUP_NOT_FOUND`, `BACKUP_NOT_COMPLETED`, `BACKUP_DELETED`,
 * `SOURCE_NOT_FOUND` where the source is no longer configured and no path is given, `METHOD_UNSUPPORTED` for a kind
 * that this version cannot restore, `CHAIN_BROKEN` where something is not there that the backup is built on,
 * `KEY_MISSING`, `VALIDATION_FAILED`, `RESTORE_TARGET_INVALID` for what is ours and for a link that is not followed,
 * `SOURCE_LINK_REFUSED` where such a link leads to the source, and `RESTORE_TARGET_FORBIDDEN` for what is not allowed
 * to a confined caller.
 */
export async function plannedRestore (deps: EngineDeps, id: number, request: RestoreRequest): Promise<RestorePlan> {
  const backup = await deps.catalog.backups.get(id)
  requireObject(backup)
  await requireLinks(deps, backup)
  const manifest = await trustedManifest(deps, id)
  requireOpener(deps.keyring, manifest)
  const kind = requireKind(deps, manifest.source.kind)
  const { mode, overwrite = false, verify = true, timeout = TIMEOUT, actor = null } = request
  const only = selectedPaths(kind, request)
  const inPlace = request.target === undefined ? await sourceItself(deps, backup) : undefined
  const target = request.target === undefined ? undefined : await allowedTarget(deps, request.target, request)
  const path = target === undefined ? followedPath(inPlace?.source.location ?? '') : followedTarget(target)
  return {
    backup,
    manifest,
    restorer: kind.restorer,
    placement: {
      mode: target === undefined ? modeOf(kind, mode) : 'file',
      path,
      overwrite,
      timeout,
      aside: `${path}.before-${randomUUID().slice(0, 8)}`,
      isConfined: request.isConfined ?? false,
      ...only !== undefined && { only }
    },
    inPlace,
    mayReplace: inPlace !== undefined && mode === undefined,
    verify,
    actor
  }
}

/** Throws `VALIDATION_FAILED` for a mode that the kind does not have. */
function modeOf ({ name, modes }: LoadedKind, wanted: RestoreMode | undefined): RestoreMode {
  const found = modes.find(mode => wanted === undefined || mode.name === wanted)
  if (found !== undefined) return found.name
  throw new BackupError(
    'VALIDATION_FAILED',
    `"mode" is "${wanted}", which sources of the kind "${name}" do not support`,
    {
      hint: `Omit "mode", or use one of these: ${modes.map(mode => `${mode.name} (${mode.summary})`).join(', ')}.`
    }
  )
}

/** Throws `METHOD_UNSUPPORTED` for a kind without files, `VALIDATION_FAILED` for the source itself as the target. */
function selectedPaths (kind: LoadedKind, { paths, target }: RestoreRequest): readonly string[] | undefined {
  if (paths === undefined || paths.length === 0) return undefined
  requireTree(kind)
  if (target !== undefined) return paths
  throw new BackupError('VALIDATION_FAILED', '"paths" selects files, and "target" is missing', {
    hint: 'Give a new directory for them as "target"; copy them from there into the source.'
  })
}

async function allowedTarget (
  deps: EngineDeps,
  target: string,
  { mode, isConfined = false }: RestoreRequest
): Promise<string> {
  await requireTarget(deps, target, mode)
  if (!isConfined) return target
  const path = await confinedTarget(deps, target)
  // What ".." leads to depends on whether links before it are followed: what counts is the path that is written to.
  await requireTarget(deps, path, mode)
  return path
}

/** What is built on nothing, and needs no captured log, needs no plan. */
async function requireLinks (deps: EngineDeps, backup: Backup): Promise<void> {
  const { source, link } = backup
  const needed = link !== null && link.from < link.to ? link : undefined
  if (!isIncrement(backup) && needed === undefined) return
  const backups = await linksOf(deps, backup)
  const segments = needed === undefined
    ? []
    : await deps.catalog.segments.list({ source, lineage: needed.lineage, from: needed.from, to: needed.to })
  planRecovery({ backups, segments, until: null }, { kind: 'backup', id: backup.id }, deps.clock.now())
}

/** The source that a backup is of, to be written into. `SOURCE_NOT_FOUND`; `RESTORE_TARGET_INVALID` for the catalog. */
export async function sourceItself (deps: EngineDeps, { id, source: name }: Backup): Promise<ProtectedSource> {
  const found = deps.sources.get(name)
  if (found === undefined) {
    throw new BackupError('SOURCE_NOT_FOUND', `the source "${name}" of backup ${id} is no longer configured`, {
      hint: 'Give a path to restore to, or configure the source again.'
    })
  }
  const owner = await deps.ownerOf(found.source.location)
  if (owner?.source === null) {
    throw new BackupError('RESTORE_TARGET_INVALID', `"${found.source.location}" is ${owner.what}, which is in use`, {
      hint: 'Restore it to another path. A lost catalog is rebuilt automatically from the manifests.'
    })
  }
  return found
}

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

/**
 * Throws what stands in the way. Where there is no database at all, a new file takes its place, unless another way was
 * asked for.
 */
export async function feasible (plan: RestorePlan, task: Task): Promise<RestorePlan> {
  task.phase('probing')
  try {
    await plan.restorer.check(plan.manifest, plan.placement, task.signal)
    return plan
  } catch (thrown) {
    if (!plan.mayReplace || toBackupError(thrown).code !== 'SOURCE_MISSING') throw thrown
    const instead: RestorePlan = { ...plan, placement: { ...plan.placement, mode: 'replace' } }
    await plan.restorer.check(plan.manifest, instead.placement, task.signal)
    return instead
  }
}

/**
 * From the nearest place that has a good copy of the backup, and of each that it is built on. A damaged one is passed
 * over, with a warning, if another place has it too; the present content of the target is backed up once.
 */
async function verifyAndPlace (deps: EngineDeps, plan: RestorePlan, restoreId: number, task: Task): Promise<Restore> {
  const passedOver: PassedOver = { addresses: new Set(), warnings: [] }
  let safety: Promise<Backup | undefined> | undefined
  const secure = (): Promise<Backup | undefined> => {
    safety ??= secured(deps, plan, restoreId, task)
    return safety
  }
  let chain = await chainOf(deps, plan.backup, task.signal)
  for (;;) {
    try {
      return await fromPlaces(deps, plan, { restoreId, chain, passedOver, secure }, task)
    } catch (thrown) {
      task.signal.throwIfAborted()
      if (!await passOver(deps, chain, toBackupError(thrown), passedOver, task)) throw thrown
      chain = await chainOf(deps, plan.backup, task.signal, passedOver.addresses).catch((elsewhere: unknown) => {
        throw withoutOthers(toBackupError(thrown), toBackupError(elsewhere))
      })
    }
  }
}

interface Placing {
  readonly restoreId: number
  readonly chain: readonly [LocatedLink, ...LocatedLink[]]
  readonly passedOver: PassedOver
  /** Backs up the present content of the target, once. */
  readonly secure: () => Promise<Backup | undefined>
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
  { backup, placement, inPlace, restorer }: RestorePlan,
  restoreId: number,
  task: Task
): Promise<Backup | undefined> {
  if (inPlace === undefined || restorer.undoneBy === 'aside') return undefined
  const safety = await makeSafetyBackup(deps, inPlace, {
    before: `the restore of backup ${backup.id}`,
    mayBeDamaged: placement.mode === 'replace'
  }, task)
  if (safety !== undefined) await deps.catalog.restores.secured(restoreId, safety.id)
  return safety
}

interface Ready {
  readonly restorable: Restorable
  /** Of the backup itself. */
  readonly images: Images
  readonly safety: Backup | undefined
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
    ? await withoutAside(restorer, placement, safety)
    : { isKept: false, leftover: [] }
  try {
    return await deps.catalog.restores.complete(restoreId, {
      bytes,
      restoreTime,
      aside: isKept ? placement.aside : null,
      warnings: [...passedOver.warnings, ...warnings, ...leftover],
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
  safety: Backup | undefined
): Promise<{ readonly isKept: boolean, readonly leftover: readonly string[] }> {
  if (safety?.verification.status !== 'valid') return { isKept: true, leftover: [] }
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
    if (restore.safetyBackupId === null) return error
    const { code, message, hint, details } = error
    return new BackupError(code, message, {
      ...hint !== undefined && { hint },
      details: { ...details, safetyBackupId: restore.safetyBackupId },
      cause: error
    })
  } catch (thrown) {
    // The row stays undecided: housekeeping tries again, and the caller hears of the first error.
    deps.events.emit({
      type: 'operation.failed',
      operation: 'restore',
      source: backup.source,
      method: backup.method,
      code: toBackupError(thrown).code
    })
    return error
  }
}
