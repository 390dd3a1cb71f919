import { rmdir } from 'node:fs/promises'
import { BackupError, toBackupError, type ErrorCode } from '../../../core/errors.ts'
import type { Backup } from '../../../core/backup/backup.ts'
import type { Manifest } from '../../../core/backup/manifest.ts'
import { memberChain, memberManifest, requireMember, setDetailsOf } from '../../../core/backup/members.ts'
import type { Task } from '../../../core/job.ts'
import { lastLink, type Restorable } from '../../../core/restore/restorable.ts'
import type { Restore, RestoredMember } from '../../../core/restore/restore.ts'
import { withChain, type LocatedLink } from '../../artifacts/chain-images.ts'
import { checkScratch } from '../../artifacts/free-space.ts'
import type { EngineDeps } from '../../deps.ts'
import { requireKind } from '../../require-kind.ts'
import { mayBeDamage, throughCopies, type PassedOver } from '../damaged-links.ts'
import { verifyBackup } from '../../verify/verify.ts'
import { keptWarning, reportUndecided, roomWarning, unpackedBytes, withSafetyBackup } from '../restore.ts'
import { feasibleSet, makeDirectory } from './feasible-set.ts'
import { secureMembers } from './secure-members.ts'
import { isInUse, type MemberPlan, type SetPlan } from './set-plan.ts'
import { isAllPrevious, isThere, memberRecord, undoMembers, type MemberRecord } from './undo-members.ts'

/**
 * Restores members of a set, all of them or none: finds out what would stand in the way of each, verifies what the
 * backup has of them, backs up the present content, places one after the other, and records each step. A failure puts
 * the previous content of those already placed back; after a crash `settleSet` does. The caller holds the backup, and
 * the sources that are restored.
 */
export async function restoreSet (deps: EngineDeps, planned: SetPlan, task: Task): Promise<Restore> {
  const { directory } = planned
  const made = directory !== null && await makeDirectory(directory) ? directory : undefined
  try {
    return await restoreMembers(deps, await feasibleSet(planned, task), task)
  } catch (thrown) {
    if (made !== undefined) await rmdir(made).catch(() => {})
    throw thrown
  }
}

async function restoreMembers (deps: EngineDeps, plan: SetPlan, task: Task): Promise<Restore> {
  const { backup, members, directory, actor } = plan
  const row = await deps.catalog.restores.start({
    kind: 'restore',
    backupId: backup.id,
    source: backup.source,
    target: directory ?? members.map(({ placement }) => placement.path).join(', '),
    mode: modeOf(members),
    aside: null,
    actor,
    startedAt: deps.clock.now(),
    members: members.map(recorded)
  })
  const removed: string[] = []
  let secured: Promise<SetPlan> | undefined
  const secure = (): Promise<SetPlan> => {
    secured ??= secureMembers(deps, plan, row.id, task, one => removed.push(roomWarning(one)))
    return secured
  }
  try {
    const done = await throughCopies(
      deps,
      backup,
      async (chain, passedOver) => {
        try {
          return await fromPlaces(deps, plan, { row, chain, passedOver, removed, secure }, task)
        } catch (thrown) {
          // The recorded result is that of the nearest copies.
          if (passedOver.addresses.size === 0) await recordDamage(deps, chain, toBackupError(thrown), task)
          throw thrown
        }
      },
      task
    )
    deps.events.emit({ type: 'restore.completed', restore: done })
    return done
  } catch (thrown) {
    throw await failed(deps, backup, row.id, toBackupError(task.signal.aborted ? task.signal.reason : thrown))
  }
}

/**
 * Verifies each backup of a chain whose restore may have failed for its stored bytes, so that the damaged ones are
 * recorded as such. Never rejects: a verification that cannot be made has its own event.
 */
async function recordDamage (
  deps: EngineDeps,
  chain: readonly LocatedLink[],
  error: BackupError,
  task: Task
): Promise<void> {
  if (task.signal.aborted || !mayBeDamage(error)) return
  task.phase('verifying')
  for (const { backup: { id }, location } of chain) await verifyBackup(deps, id, task, { location }).catch(() => {})
}

/** That of the last one: a database that stays in use, if there is one. */
export function modeOf (members: readonly MemberPlan[]): RestoredMember['mode'] {
  return members.at(-1)?.placement.mode ?? 'file'
}

function recorded ({ member: { name, kind }, placement: { path, mode } }: MemberPlan): RestoredMember {
  return { name, kind, target: path, mode, state: 'waiting', hadContent: false, aside: null, safetyBackupId: null }
}

interface Placing {
  readonly row: Restore
  readonly chain: readonly [LocatedLink, ...LocatedLink[]]
  readonly passedOver: PassedOver
  /** Warnings for the backups that `secure` removed to make room. */
  readonly removed: readonly string[]
  /** Backs up the present content, once; the members may be placed in another mode then. */
  readonly secure: () => Promise<SetPlan>
}

async function fromPlaces (deps: EngineDeps, plan: SetPlan, placing: Placing, task: Task): Promise<Restore> {
  const { chain, secure } = placing
  await checkScratch(deps, unpackedOf(plan, chain.map(({ manifest }) => manifest)))
  return await withChain(deps, chain, {
    isOwn: true,
    requireRoom: bytes => checkScratch(deps, bytes),
    onUnpack: bytes => {
      task.phase('unpacking', bytes)
    },
    onBytes: bytes => {
      task.bytes(bytes)
    }
  }, async restorable => {
    const chains = new Map(plan.members.map(({ member: { name } }) => [name, memberChain(restorable, name)]))
    for (const member of plan.members) await prepare(deps, plan, member, chainNamed(chains, member), task)
    return await placeAll(deps, await secure(), chains, placing, task)
  }, task.signal)
}

/** The most bytes of scratch space that the restore takes. */
export function unpackedOf ({ members }: SetPlan, manifests: readonly Manifest[]): number {
  return members.reduce((sum, { member: { name }, restorer, placement }) => {
    const own = manifests.map(manifest => ownManifest(manifest, name))
    const start = own.findLastIndex(({ link }) => link === null || link.depth === 0)
    return sum + unpackedBytes(own.slice(Math.max(0, start)), restorer, placement)
  }, 0)
}

function ownManifest (manifest: Manifest, name: string): Manifest {
  const details = setDetailsOf(manifest)
  if (details !== null) return memberManifest(manifest, requireMember(details, name))
  throw new BackupError('MANIFEST_INVALID', 'a backup of the chain is not that of a set')
}

function chainNamed (chains: ReadonlyMap<string, Restorable>, { member: { name } }: MemberPlan): Restorable {
  const found = chains.get(name)
  if (found !== undefined) return found
  throw new BackupError('INTERNAL', `the backup of the set was opened without "${name}"`)
}

/**
 * Unpacks what a member uses as files, and verifies its content unless that is compared while it is placed. Throws
 * `BACKUP_INVALID`.
 */
async function prepare (
  deps: EngineDeps,
  { verify }: SetPlan,
  { member: { name, kind }, restorer, placement }: MemberPlan,
  restorable: Restorable,
  task: Task
): Promise<void> {
  const { manifest, images } = lastLink(restorable)
  const { files, provesContent = false } = restorer.needs(placement)
  for (const part of files) await images.file(part, task.signal)
  if (!verify || provesContent) return
  task.phase('verifying')
  const checks = await requireKind(deps, kind).inspector.inspect(images, manifest.facts, task.signal)
  const wrong = checks.find(({ status }) => status === 'fail')
  if (wrong === undefined) return
  const reason = wrong.reason ?? `${wrong.name} failed`
  throw new BackupError('BACKUP_INVALID', `what the backup has of "${name}" is damaged: ${reason}`, {
    hint: 'Restore another backup, or the other members alone.'
  })
}

/** Codes of a live restore that failed before its transaction, so that there is nothing to undo. */
const UNCHANGED: readonly ErrorCode[] = ['SOURCE_LOCKED', 'SOURCE_MISSING', 'RESTORE_PAGE_SIZE', 'DISK_FULL']

async function placeAll (
  deps: EngineDeps,
  plan: SetPlan,
  chains: ReadonlyMap<string, Restorable>,
  { row, passedOver, removed }: Placing,
  task: Task
): Promise<Restore> {
  const begun = performance.now()
  const record = memberRecord(deps, await deps.catalog.restores.get(row.id))
  const warnings: string[] = []
  let bytes = 0
  try {
    for (const [index, member] of plan.members.entries()) {
      task.signal.throwIfAborted()
      task.phase('restoring', member.manifest.image.size)
      const { restorer, placement } = member
      const { aside } = placement
      await record.change(index, { state: 'placing', hadContent: await isThere(deps, recorded(member)), aside })
      const placed = await restorer.place(chainNamed(chains, member), placement, done => {
        task.bytes(done)
      }, task.signal).catch(async (thrown: unknown) => {
        const { code } = toBackupError(thrown)
        const isUnchanged = isInUse(member) && !task.signal.aborted && UNCHANGED.includes(code)
        if (isUnchanged) await record.change(index, { state: 'undone', aside: null })
        throw thrown
      })
      await record.change(index, { state: 'placed', ...!placed.isOldKept && { aside: null } })
      bytes += placed.bytes
      warnings.push(...placed.warnings)
    }
  } catch (thrown) {
    await undo(deps, plan, record, thrown)
    throw thrown
  }
  const restoreTime = Math.round(performance.now() - begun)
  const leftover = await discardAsides(deps, record)
  const kept = record.members.flatMap(({ aside }) => aside === null ? [] : [keptWarning(aside)])
  return await deps.catalog.restores.complete(row.id, {
    bytes,
    restoreTime,
    aside: null,
    warnings: [...passedOver.warnings, ...warnings, ...removed, ...leftover, ...kept],
    at: deps.clock.now()
  })
}

/** Nothing ends it but its end: a cancelled restore is undone, too. Throws an error that has both reasons. */
async function undo (deps: EngineDeps, { backup }: SetPlan, record: MemberRecord, thrown: unknown): Promise<void> {
  try {
    await undoMembers(deps, backup.id, record, new AbortController().signal)
  } catch (cause) {
    throw new BackupError(
      'RESTORE_FAILED',
      `${toBackupError(thrown).message}; and the previous content could not be put back: ${
        toBackupError(cause).message
      }`,
      { hint: 'The service tries again every minute and at its start; see "holdfast restores".', cause }
    )
  }
}

/**
 * Removes what was kept of members of which a verified backup has the previous content. Returns warnings for what could
 * not be removed.
 */
export async function discardAsides (deps: EngineDeps, record: MemberRecord): Promise<readonly string[]> {
  const warnings: string[] = []
  for (const [index, member] of record.members.entries()) {
    const { aside, safetyBackupId, kind } = member
    if (aside === null || safetyBackupId === null) continue
    const { verification, deletedAt } = await deps.catalog.backups.get(safetyBackupId)
    if (verification.status !== 'valid' || deletedAt !== null) continue
    try {
      await requireKind(deps, kind).restorer?.discard(aside)
      await record.change(index, { aside: null })
    } catch (thrown) {
      warnings.push(`the old content "${aside}" could not be removed: ${toBackupError(thrown).message}`)
    }
  }
  return warnings
}

/** Records the failure once all members have their previous content, and returns the error. */
async function failed (deps: EngineDeps, backup: Backup, restoreId: number, error: BackupError): Promise<BackupError> {
  const { code, message } = error
  try {
    const row = await deps.catalog.restores.get(restoreId)
    // Housekeeping tries again.
    if (!isAllPrevious(row.members)) throw error
    const restore = await deps.catalog.restores.fail(restoreId, { code, message, aside: null, at: deps.clock.now() })
    deps.events.emit({ type: 'restore.failed', restore, code })
    return withSafetyBackup(error, restore)
  } catch (thrown) {
    reportUndecided(deps, backup, thrown)
    return error
  }
}
