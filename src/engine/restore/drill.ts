import { isFromFuture, isLive, type Backup } from '../../core/backup/backup.ts'
import { chainImageOf, type Manifest } from '../../core/backup/manifest.ts'
import { BackupError, toBackupError, type ErrorCode } from '../../core/errors.ts'
import type { Task } from '../../core/job.ts'
import { inconsistencyOf, verificationMessage, type Check, type Verification } from '../../core/ports/verification.ts'
import { chooseDrill } from '../../core/restore/drill-choice.ts'
import type { AssertionResult, DrillReport } from '../../core/restore/drill.ts'
import type { Rehearsal } from '../../core/restore/rehearsal.ts'
import type { DrillConclusion, Restore } from '../../core/restore/restore.ts'
import { requireOpener } from '../artifacts/decryption.ts'
import { checkScratch } from '../artifacts/free-space.ts'
import { chainOf, withChain } from '../artifacts/chain-images.ts'
import { recordedManifest, requireObject } from '../artifacts/objects.ts'
import type { EngineDeps } from '../deps.ts'
import { requireKind } from '../require-kind.ts'
import { verifyBackup } from '../verify/verify.ts'

export interface DrillRequest {
  /** This backup, … */
  readonly id?: number | undefined
  /** … or one of this source. Default: the default source. */
  readonly source?: string | undefined
  /** Who asks for it; null: the schedule. */
  readonly actor: string | null
}

/** Backups that are read at once when those that are refused are looked for. */
const PAGE = 500

/** The backup that is the next one's turn, and why. `BACKUP_NOT_FOUND` where the source has none that is there. */
export async function nextDrill (deps: EngineDeps, source: string): Promise<Omit<DrillPlan, 'actor'>> {
  const live = (await deps.catalog.backups.existing(source)).filter(one =>
    isLive(one) && !isFromFuture(one.startedAt, deps.clock.now())
  )
  const refused = await refusedOf(deps, source)
  const choice = chooseDrill(live.filter(({ id }) => !refused.has(id)), await deps.catalog.restores.drilled(source))
  if (choice === undefined) {
    throw new BackupError('BACKUP_NOT_FOUND', `there is no backup of "${source}" to drill`, {
      hint: 'Make a backup first.'
    })
  }
  return { id: choice.backup.id, reason: choice.reason }
}

/** Ids of backups that a restore refuses for the lack of a trusted signature: a drill of one would prove nothing. */
async function refusedOf ({ catalog, signing }: EngineDeps, source: string): Promise<ReadonlySet<number>> {
  const refused = new Set<number>()
  if (!signing.keys.isRequired) return refused
  let before: number | undefined
  do {
    const { backups, next } = await catalog.backups.list({ source, status: 'completed', limit: PAGE, before })
    for (const { id, signature } of backups) if (signature?.isRefused === true) refused.add(id)
    before = next ?? undefined
  } while (before !== undefined)
  return refused
}

export interface DrillPlan {
  readonly id: number
  /** Why this one, in words. */
  readonly reason: string
  /** Who asks for it; null: the schedule. */
  readonly actor: string | null
}

/**
 * Restores a backup into scratch space, proves it there by every level, holds it against what its source asserts,
 * throws it away, and records how that went. What it finds, and that it could not be made, is a result. Rejects with
 * `BACKUP_NOT_FOUND`, `BACKUP_NOT_COMPLETED` and `BACKUP_DELETED`, and when the job is cancelled, which ends the drill
 * as inconclusive. The caller holds the backup.
 */
export async function drillBackup (deps: EngineDeps, { id, reason, actor }: DrillPlan, task: Task): Promise<Restore> {
  const backup = await deps.catalog.backups.get(id)
  requireObject(backup)
  const manifest = await recordedManifest(deps, id)
  const row = await deps.catalog.restores.start({
    kind: 'drill',
    backupId: id,
    source: backup.source,
    target: deps.scratch.directory,
    mode: 'scratch',
    aside: null,
    actor,
    startedAt: deps.clock.now()
  })
  const conclusion = await rehearse(deps, backup, manifest, { reason, begun: row.startedAt }, task)
  const drill = await deps.catalog.restores.conclude(row.id, { ...conclusion, at: deps.clock.now() })
  deps.events.emit({ type: 'drill.finished', drill })
  task.signal.throwIfAborted()
  return drill
}

type Ending = Omit<DrillConclusion, 'at'>

async function rehearse (
  deps: EngineDeps,
  backup: Backup,
  manifest: Manifest,
  { reason, begun }: { readonly reason: string, readonly begun: Date },
  task: Task
): Promise<Ending> {
  const measured: { restoreTime?: number } = {}
  let assertions: readonly AssertionResult[] = []
  try {
    requireOpener(deps.keyring, manifest)
    const chain = await chainOf(deps, backup, task.signal)
    const { rehearser } = requireKind(deps, manifest.source.kind)
    const manifests = chain.map(link => link.manifest)
    const bytes = chainImageOf(manifests)
    await checkScratch(deps, rehearser.space(manifests))
    const location = (chain.at(-1) ?? chain[0]).location
    const verification = await withChain(deps, chain, {
      isOwn: true,
      onBytes: bytes => {
        task.bytes(bytes)
      }
    }, async (restorable, images) => {
      const inspect = async (): Promise<readonly Check[]> => {
        task.phase('restoring', bytes)
        const opened = deps.clock.now()
        const rehearsal = await rehearser.rehearse(restorable, task.signal)
        try {
          measured.restoreTime = since(deps, opened)
          const checks = await rehearsal.checks(task.signal)
          if (checks.every(({ status }) => status !== 'fail')) {
            assertions = await assess(deps, manifest, rehearsal, task)
          }
          return checks
        } finally {
          await rehearsal.close()
        }
      }
      return (await verifyBackup(deps, backup.id, task, { location, images, inspect })).verification
    }, task.signal)
    const report: DrillReport = {
      backup: identityOf(manifest),
      chosen: reason,
      checks: verification.checks,
      assertions,
      duration: since(deps, begun)
    }
    return {
      ...verdict(verification, assertions),
      report,
      bytes: measured.restoreTime === undefined ? null : bytes,
      restoreTime: measured.restoreTime ?? null
    }
  } catch (thrown) {
    const { code, message } = toBackupError(task.signal.aborted ? task.signal.reason : thrown)
    return { status: 'inconclusive', report: null, bytes: null, restoreTime: null, code, message }
  }
}

async function assess (
  deps: EngineDeps,
  { source: { name }, startedAt }: Manifest,
  rehearsal: Rehearsal,
  task: Task
): Promise<readonly AssertionResult[]> {
  const assertions = deps.sources.get(name)?.assertions ?? []
  return assertions.length === 0 ? [] : await rehearsal.assess(assertions, new Date(startedAt), task.signal)
}

/**
 * Damage outweighs parts that do not fit together, those outweigh an assertion that does not hold, and that one
 * outweighs what could not be told.
 */
function verdict (
  verification: Verification,
  assertions: readonly AssertionResult[]
): Pick<Ending, 'status' | 'code' | 'message'> {
  const told = (status: 'failed' | 'inconclusive', code: ErrorCode, message: string) => ({ status, code, message })
  if (!verification.valid) return told('failed', 'BACKUP_INVALID', verificationMessage(verification))
  const inconsistency = inconsistencyOf(verification.checks)
  if (inconsistency?.consistency === 'inconsistent') {
    return told(
      'failed',
      'BACKUP_INCONSISTENT',
      `the parts of the backup do not fit together: ${reasonOf(inconsistency)}`
    )
  }
  const failed = assertions.find(({ status }) => status === 'fail')
  if (failed !== undefined) {
    return told('failed', 'ASSERTION_FAILED', `the assertion "${failed.name}" failed: ${failed.reason ?? ''}`)
  }
  const open = assertions.find(({ status }) => status === 'inconclusive')
  if (open !== undefined) {
    return told(
      'inconclusive',
      'ASSERTION_INCONCLUSIVE',
      `the assertion "${open.name}" could not be evaluated: ${open.reason ?? ''}`
    )
  }
  if (inconsistency !== undefined) {
    return told('inconclusive', inconsistency.code ?? 'QUERY_FAILED', reasonOf(inconsistency))
  }
  return { status: 'passed', code: null, message: null }
}

function reasonOf ({ name, reason = name }: Check): string {
  return reason
}

function identityOf ({ startedAt, object, image, compression }: Manifest): DrillReport['backup'] {
  return {
    fileName: object.name,
    startedAt,
    checksum: object.sha256,
    imageChecksum: image.sha256,
    size: object.size,
    compression
  }
}

/** A clock that is set back makes no negative times. Milliseconds. */
function since ({ clock }: EngineDeps, begun: Date): number {
  return Math.max(0, clock.now().getTime() - begun.getTime())
}
