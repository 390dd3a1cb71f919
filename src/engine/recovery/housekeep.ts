import { cleanupSignal } from '../../core/cleanup-signal.ts'
import type { Backup } from '../../core/backup/backup.ts'
import { TRASH } from '../../core/backup/object-key.ts'
import { settleHooks } from '../backup/hooks.ts'
import type { EngineDeps } from '../deps.ts'
import { heldInTrash } from '../retention/held.ts'
import { backupLock } from '../jobs/locks.ts'
import { inTurn } from '../artifacts/in-turn.ts'
import { landingTrouble } from '../replication/known-store.ts'
import { settleUndecided, unlessItFails } from './reconcile.ts'
import { erase, settleTrashed } from '../retention/trash.ts'
import { loadExternalStores } from './external-stores.ts'
import { evictionSweep } from '../retention/evict.ts'
import { settleRestores } from '../restore/settle-restores.ts'
import { settleReappeared } from './survey-landing.ts'

/** Finished jobs are remembered for so long: 30 days. */
const JOB_HISTORY = 30 * 86_400_000
/** Runs that ended are remembered for so long: a year, and a month to look back on it. */
const RUN_HISTORY = 396 * 86_400_000
/** Alerts that are over are remembered for so long: a year. */
const ALERT_HISTORY = 365 * 86_400_000
/** Tokens that expired are remembered for so long: 30 days. */
const TOKEN_HISTORY = 30 * 86_400_000
/** The promise of the API: the same key answers the same for 24 hours. */
export const IDEMPOTENCY_WINDOW = 86_400_000

/** What goes through all backups, one step at a time: it lasts from one call to the next. */
export interface Rounds {
  /** See `landingSurvey`. Default: none. */
  readonly survey?: () => Promise<void>
  /** See `evictionSweep`. Default: its first step. */
  readonly sweep?: () => Promise<void>
}

/**
 * What must be done now and then: empties the trash of what is due, decides rows that nobody works on, forgets old
 * answers, jobs and runs. Takes one step of each round. No step hinders another; at the end the first error is thrown.
 */
export async function housekeep (
  deps: EngineDeps,
  { survey = async () => {}, sweep = evictionSweep(deps) }: Rounds = {}
): Promise<void> {
  const now = deps.clock.now().getTime()
  const isUsable = await isLandingUsable(deps)
  const { idempotency, jobs, alerts, runs, tokens, audit } = deps.catalog
  await inTurn([
    () => tidyAfterOthers(deps),
    () => settleHooks(deps),
    () => settleRestores(deps),
    ...isUsable
      ? [() => settleUndecided(deps), sweep, () => emptyTrash(deps), () => settleReappeared(deps), survey]
      : [],
    // Another process may have been given one. One that is lost was told of at the start.
    () => loadExternalStores(deps),
    () => idempotency.purge(new Date(now - IDEMPOTENCY_WINDOW)),
    () => jobs.purge(new Date(now - JOB_HISTORY)),
    () => alerts.purge(new Date(now - ALERT_HISTORY)),
    () => runs.purge(new Date(now - RUN_HISTORY)),
    () => tokens.purge(new Date(now - TOKEN_HISTORY)),
    () => audit.purge(new Date(now - deps.auditRetention))
  ])
}

async function emptyTrash (deps: EngineDeps): Promise<void> {
  const now = deps.clock.now().getTime()
  const isHeld = heldInTrash(deps)
  for (const backup of await deps.catalog.backups.trashed()) {
    // What is in the trash but has not been moved there was on its way out for good.
    const isDue = !backup.key.startsWith(TRASH) || now - (backup.trashedAt?.getTime() ?? 0) >= deps.trashGrace
    if (isDue && !await isHeld(backup)) await unlessItFails(deps, backup, async () => await empty(deps, backup))
  }
}

/** A landing store that is another's, or that has lost everything, is left as it is; the alerts name it. */
async function isLandingUsable (deps: EngineDeps): Promise<boolean> {
  return await landingTrouble(deps, cleanupSignal()) === undefined
}

/** Ends the jobs of processes that died, and removes what those left half written. */
async function tidyAfterOthers (deps: EngineDeps): Promise<void> {
  await deps.runner.locks.settle()
  if (await deps.catalog.jobs.interrupt(deps.clock.now()) === 0) return
  await deps.scratch.open()
  if (await isLandingUsable(deps)) await deps.store.open(cleanupSignal())
}

async function empty (deps: EngineDeps, backup: Backup): Promise<void> {
  const lock = await deps.runner.locks.tryLock([backupLock(backup.id)])
  if (lock === undefined) return
  try {
    // It may have been brought back since the trash was looked through.
    const { trashedAt, deletedAt } = await deps.catalog.backups.get(backup.id)
    if (trashedAt === null || deletedAt !== null) return
    if (!backup.key.startsWith(TRASH) || await settleTrashed(deps, backup)) {
      await erase(deps, backup, 'its grace period in the trash is over')
    }
  } finally {
    await lock.release()
  }
}
