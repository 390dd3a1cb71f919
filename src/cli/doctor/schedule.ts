import { inSpan } from '../../core/duration.ts'
import type { BackupOutline } from '../../core/backup/backup.ts'
import { pruneFacts } from '../../engine/status/alert-facts.ts'
import type { SourceState } from '../../engine/status/sources.ts'
import { about, type Finding } from './finding.ts'
import { NO_SNAPSHOT, type Examination, type CatalogSnapshot, type DoctorContext } from './context.ts'

/** Whether backups are made by themselves, and whether those that are there are any good. */
export const examineSchedule: Examination = async ({ sources, prune, clock }, snapshot) => {
  if (snapshot === undefined) return [about('schedule').skipped(NO_SNAPSHOT)]
  const names = new Set(sources.map(({ name }) => name))
  const states = (await snapshot.engine.sources()).filter(({ name }) => names.has(name))
  const findings = await Promise.all(states.map(state => examineSource(state, snapshot, clock.now())))
  return [...findings.flat(), await examinePrune(snapshot, prune)]
}

async function examineSource (state: SourceState, snapshot: CatalogSnapshot, now: Date): Promise<Finding[]> {
  const backups = await snapshot.deps.catalog.backups.existing(state.name)
  const live = backups.filter(({ status, trashedAt }) => status === 'completed' && trashedAt === null)
  return [
    examinePolicy(state),
    examineNewest(state, live, now),
    ...examineVerification(state.name, live),
    await examineDrills(state, snapshot),
    ...state.state === 'failing'
      ? [
        about('last backup', state.name).fail(
          'the last backup failed',
          'See the error with "holdfast list --status failed", and make another backup.'
        )
      ]
      : []
  ]
}

function examinePolicy ({ name, policy }: SourceState): Finding {
  const { ok, warn } = about('schedule', name)
  if (!policy.enabled) {
    return warn(
      'automatic backups are off',
      'Set AUTO_BACKUP_ENABLED=true, or "enabled: true" for the source.'
    )
  }
  if (policy.interval === null && policy.schedule === null) {
    return warn(
      'automatic backups are on, but no interval or schedule is set',
      'Set an interval or a schedule for the source.'
    )
  }
  return ok('automatic backups are on')
}

/** Against the schedule of the source, where it has one. */
function examineNewest ({ name, freshSince: since }: SourceState, live: readonly BackupOutline[], now: Date): Finding {
  const { ok, warn, fail } = about('newest verified backup', name)
  const proven = live.find(({ verification }) => verification.status === 'valid')
  const remedy =
    'Make a backup now with "holdfast backup", and find out with "holdfast runs" why the scheduled backups failed.'
  if (proven === undefined) {
    if (since !== null || live.length > 0) {
      return fail(live.length > 0 ? `none of the ${live.length} backups is verified` : 'there is no backup', remedy)
    }
    return warn('there is no backup yet', 'Make one with "holdfast backup", or turn on automatic backups.')
  }
  const age = `the newest is backup ${proven.id}, ${inSpan(now.getTime() - proven.startedAt.getTime())} old`
  if (since !== null && proven.startedAt < since) {
    return fail(`${age}; its schedule requires one from ${since.toISOString()} or later`, remedy)
  }
  return ok(age)
}

function examineVerification (name: string, live: readonly BackupOutline[]): Finding[] {
  const { ok, warn, fail } = about('verification', name)
  if (live.length === 0) return []
  const damaged = live.filter(({ verification }) => verification.status === 'invalid')
  const unproven = live.filter(({ verification }) => verification.status === 'unverified')
  const findings = [
    ...damaged.length > 0
      ? [
        fail(
          `found damaged: ${listed(damaged)}`,
          'See the failed checks with "holdfast show", make a new backup, and check the disk.'
        )
      ]
      : [],
    ...unproven.length > 0
      ? [
        warn(
          `never verified: ${listed(unproven)}`,
          'Verify them with "holdfast verify", and keep VERIFY_AFTER_BACKUP on.'
        )
      ]
      : []
  ]
  return findings.length > 0
    ? findings
    : [ok(`${live.length === 1 ? 'the only backup' : `each of the ${live.length} backups`} is verified`)]
}

/**
 * What a drill found against a backup that is still there, whether drills come as they should, and whether there are
 * any.
 */
async function examineDrills (
  { name, policy: { enabled, drillSchedule }, provenSince }: SourceState,
  { deps }: CatalogSnapshot
): Promise<Finding> {
  const { ok, warn, fail } = about('drills', name)
  const { lastProven, failed } = await deps.catalog.restores.drillEvidence(name)
  if (failed !== null) {
    return fail(
      `the last drill, of backup ${failed.backupId}, failed: ${failed.message}`,
      `See the result with "holdfast drills", and drill another backup with "holdfast drill --source ${name}".`
    )
  }
  if (enabled && drillSchedule === null) {
    return warn('drills are off, so no restore is tested', 'Set DRILL_SCHEDULE, such as "weekly".')
  }
  if (provenSince !== null && (lastProven === null || lastProven < provenSince)) {
    return warn(
      `drills are overdue: none has passed since ${provenSince.toISOString()}`,
      `Start the service, or run "holdfast drill --source ${name}".`
    )
  }
  return ok(
    lastProven === null
      ? 'no drill is due yet'
      : `a backup last passed a drill or restore at ${lastProven.toISOString()}`
  )
}

/** Backups that the rules no longer keep stay for as long as no prune runs, and fill the disk. */
async function examinePrune ({ deps }: CatalogSnapshot, timing: DoctorContext['prune']): Promise<Finding> {
  const { ok, warn } = about('prune')
  const { lastDone, freshSince, failure } = await pruneFacts(deps, timing)
  if (failure !== null) {
    return warn(
      `the last prune failed: ${failure.reason}`,
      'Review the removals with "holdfast prune --dry-run", then run "holdfast prune".'
    )
  }
  if (freshSince !== null && (lastDone === null || lastDone < freshSince)) {
    return warn(
      `a prune was due at ${freshSince.toISOString()} and has not run`,
      'Start the service, or run "holdfast prune".'
    )
  }
  return ok(lastDone === null ? 'no prune is due yet' : `the last prune was at ${lastDone.toISOString()}`)
}

function listed (backups: readonly BackupOutline[]): string {
  const shown = backups.slice(0, 5).map(({ id }) => id).join(', ')
  return `backup ${shown}${backups.length > 5 ? ` and ${backups.length - 5} more` : ''}`
}
