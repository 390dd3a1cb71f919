import { finding, type AlertFinding, type AlertLimits, type SourceFacts } from './alert.ts'

const HOUR = 3_600_000
/** So many backups before the newest one tell what size is usual. */
const FEWEST_SIZES = 3
const MOST_SIZES = 7
/** Bytes that a size may differ, whatever share that is: a database of a few pages grows by one of them. */
const SIZE_MARGIN = 16 * 1024
/** A copy that fails is late after so long, … */
const COPY_FAILING = HOUR / 6
/** … one that does not, after so long: a large backup over a slow line takes its time. */
const COPY_SLOW = 6 * HOUR
/** Damaged backups that a message names. */
const NAMED = 5

/** The alerts of one source that hold now. */
export function alertsOfSource (source: SourceFacts, limits: AlertLimits, now: Date): readonly AlertFinding[] {
  const findings = [
    backupFailed(source),
    backupTooOld(source, limits.maxAge, now),
    scheduleMissed(source),
    backupsOff(source),
    sourceMissing(source),
    backupDamaged(source),
    backupUnproven(source),
    backupSuspect(source),
    sizeChanged(source, limits.sizeChange),
    overTheLimit(source),
    tooFewBackups(source, limits.minBackups),
    drillFailed(source),
    drillOverdue(source),
    hookFailed(source),
    copyLate(source, now)
  ]
  return findings.filter(finding => finding !== undefined)
}

function backupFailed ({ name, lastSuccess, lastFailure }: SourceFacts): AlertFinding | undefined {
  if (lastFailure === null || (lastSuccess !== null && lastFailure.at <= lastSuccess)) return undefined
  return finding(
    'backup_failed',
    name,
    `the last backup of "${name}" failed at ${lastFailure.at.toISOString()} with ${lastFailure.code}: ${lastFailure.message}`,
    `Look up ${lastFailure.code} in docs/errors.md, put right what it names, and make a backup.`
  )
}

function backupTooOld ({ name, newestGood }: SourceFacts, maxAge: number, now: Date): AlertFinding | undefined {
  if (maxAge === 0 || (newestGood !== null && now.getTime() - newestGood.getTime() <= maxAge)) return undefined
  return finding(
    'backup_too_old',
    name,
    `${newestOf(name, newestGood)}, and there should be one from the last ${hours(maxAge)}`,
    'Make a backup, and see why none was made by itself: the runs, the log, and whether automatic backups are on.'
  )
}

function scheduleMissed ({ name, newestGood, freshSince }: SourceFacts): AlertFinding | undefined {
  if (freshSince === null || (newestGood !== null && newestGood >= freshSince)) return undefined
  return finding(
    'schedule_missed',
    name,
    `${newestOf(name, newestGood)}, and its schedule asks for a newer one`,
    'Make a backup, and see in the runs and the log what became of those that were due.'
  )
}

function backupsOff ({ name, isAutomationUnset }: SourceFacts): AlertFinding | undefined {
  if (!isAutomationUnset) return undefined
  return finding(
    'backups_off',
    name,
    `no backups of "${name}" are made by themselves: automatic backups are off by default`,
    'Set AUTO_BACKUP_ENABLED=true, or say "autoBackupEnabled": false where something else makes the backups.'
  )
}

function sourceMissing ({ name, isMissing }: SourceFacts): AlertFinding | undefined {
  if (!isMissing) return undefined
  return finding(
    'source_missing',
    name,
    `the database of "${name}" is not there`,
    'Correct its path in the configuration, or mount the disk that it is on; if it is lost, restore a backup.'
  )
}

function backupDamaged ({ name, damaged }: SourceFacts): AlertFinding | undefined {
  const [newest, ...others] = damaged
  if (newest === undefined) return undefined
  const message = others.length === 0
    ? `backup ${newest.id} of "${name}" is damaged: ${newest.reason}`
    : `${damaged.length} backups of "${name}" are damaged: ${
      listed(damaged.map(({ id }) => id))
    }; of ${newest.id}: ${newest.reason}`
  return finding(
    'backup_damaged',
    name,
    message,
    'Restore from another backup if you must now, make a new one, find out what damaged this one, and delete it.'
  )
}

function backupUnproven ({ name, unproven }: SourceFacts): AlertFinding | undefined {
  if (unproven === null) return undefined
  return finding(
    'backup_unproven',
    name,
    `backup ${unproven.id} of "${name}" is not verified: ${unproven.reason}`,
    `Look for an index, a CHECK or a view of the database that computes for long; raise CHILD_TIMEOUT_MS or CHILD_MEMORY_BYTES if the check needs it, and run "holdfast verify ${unproven.id}".`
  )
}

function hookFailed ({ name, hookError }: SourceFacts): AlertFinding | undefined {
  if (hookError === null) return undefined
  return finding(
    'hook_failed',
    name,
    `the "after" hook of "${name}" failed, and its application may be stopped: ${hookError}`,
    'Start the application, and correct the command. The service runs it again every few minutes until it succeeds.'
  )
}

function backupSuspect ({ name, suspects }: SourceFacts): AlertFinding | undefined {
  const [first, ...others] = suspects
  if (first === undefined) return undefined
  const more = others.length === 0
    ? ''
    : `; ${suspects.length} are suspect since then, with ${listed(others.map(({ id }) => id))}`
  const commands = suspects.slice(0, NAMED).map(({ id }) => `holdfast release ${id}`).join(' && ')
  return finding(
    'backup_suspect',
    name,
    `backup ${first.id} of "${name}" is not like those before it: ${
      first.reasons.join('; ')
    }${more}; nothing good from before it is removed`,
    `See whether somebody meant to do that; if so, run "${commands}"${
      suspects.length > NAMED ? ' and so on for the others' : ''
    }, if not, restore from a backup before it and delete the suspects.`
  )
}

function sizeChanged ({ name, sizes }: SourceFacts, percent: number): AlertFinding | undefined {
  const [newest, ...before] = sizes
  if (percent === 0 || newest === undefined || before.length < FEWEST_SIZES) return undefined
  const usual = median(before.slice(0, MOST_SIZES).map(({ size }) => size))
  const change = newest.size - usual
  if (Math.abs(change) <= SIZE_MARGIN || Math.abs(change) * 100 <= percent * usual) return undefined
  const share = `${Math.round(Math.abs(change) / usual * 100)} % ${change > 0 ? 'more' : 'less'}`
  return finding(
    'size_changed',
    name,
    `backup ${newest.id} of "${name}" has ${newest.size} bytes, ${share} than the ${usual} that are usual`,
    'See whether so much data was really added or removed; if it was not meant to be, keep the backup before this one by pinning it.'
  )
}

/** A few more are nothing to act on: from half of what is allowed on it is told, well before a backup is refused. */
function overTheLimit ({ name, overLimit }: SourceFacts): AlertFinding | undefined {
  if (overLimit === null || overLimit.count * 2 < overLimit.maxBackups) return undefined
  const { count, maxBackups } = overLimit
  return finding(
    'over_limit',
    name,
    `${count} ${count === 1 ? 'backup' : 'backups'} of "${name}" ${
      count === 1 ? 'is' : 'are'
    } there beyond the ${maxBackups} that maxBackups keeps, made by hand faster than the schedule asks for; from ${maxBackups} on an operator can make no more`,
    `See who makes them; remove them with "holdfast prune --source ${name}", raise maxBackups, or set AUTO_BACKUP_INTERVAL to how often a script makes them.`
  )
}

function tooFewBackups ({ name, good }: SourceFacts, fewest: number): AlertFinding | undefined {
  if (good >= fewest) return undefined
  return finding(
    'too_few_backups',
    name,
    `there ${
      good === 1 ? 'is 1 good backup' : `are ${good} good backups`
    } of "${name}", and there should be at least ${fewest}`,
    'Make more backups, and see that maxBackups and the retention rules keep as many.'
  )
}

function drillFailed ({ name, drills: { failed } }: SourceFacts): AlertFinding | undefined {
  if (failed === null) return undefined
  return finding(
    'drill_failed',
    name,
    `the drill of backup ${failed.backupId} of "${name}" failed at ${failed.at.toISOString()} with ${failed.code}: ${failed.message}`,
    'If you must restore now, take a backup whose drill passed; find out what is wrong with this one, delete it or put it right, and drill again.'
  )
}

/** Where there is no good backup at all, other rules say so. */
function drillOverdue ({ name, newestGood, provenSince, drills: { lastProven } }: SourceFacts):
  | AlertFinding
  | undefined {
  if (provenSince === null || newestGood === null || (lastProven !== null && lastProven >= provenSince)) {
    return undefined
  }
  const last = lastProven === null
    ? `no backup of "${name}" was ever restored, nor passed a drill`
    : `a backup of "${name}" was last proven to restore at ${lastProven.toISOString()}`
  return finding(
    'drill_overdue',
    name,
    `${last}, and its schedule of drills asks for that since ${provenSince.toISOString()}`,
    'See in the runs and the drills what became of those that were due; a drill that passes ends this alert.'
  )
}

/** One attempt that fails is made up for by the next; only what lasts is told. */
function copyLate ({ name, copies }: SourceFacts, now: Date): AlertFinding | undefined {
  const late = copies.filter(({ since, failure }) =>
    now.getTime() - since.getTime() >= (failure === null ? COPY_SLOW : COPY_FAILING)
  )
  if (late.length === 0) return undefined
  const words = late.map(({ store, count, since, failure }) => {
    const wait = `${
      count === 1 ? '1 backup waits' : `${count} backups wait`
    } for a copy in "${store}" since ${since.toISOString()}`
    return failure === null ? wait : `${wait}, which failed with ${failure.code}: ${failure.message}`
  })
  return finding(
    'copy_late',
    name,
    `of "${name}" ${words.join('; ')}`,
    'Put right what it names, and see with "holdfast stores --check" that the store takes copies; they are then made by themselves.'
  )
}

function newestOf (name: string, newestGood: Date | null): string {
  return newestGood === null
    ? `there is no good backup of "${name}"`
    : `the newest good backup of "${name}" is from ${newestGood.toISOString()}`
}

/** Of at least one number. The lower one of the two in the middle, so that it is a size that there was. */
function median (numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)] ?? 0
}

function hours (ms: number): string {
  const number = Math.round(ms / HOUR)
  return number === 1 ? 'hour' : `${number} hours`
}

function listed (ids: readonly number[]): string {
  const named = ids.slice(0, NAMED).join(', ')
  return ids.length > NAMED ? `${named} and ${ids.length - NAMED} more` : named
}
