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
    `Look up ${lastFailure.code} in docs/errors.md, correct the cause, and make a backup.`
  )
}

function backupTooOld ({ name, newestGood }: SourceFacts, maxAge: number, now: Date): AlertFinding | undefined {
  if (maxAge === 0 || (newestGood !== null && now.getTime() - newestGood.getTime() <= maxAge)) return undefined
  return finding(
    'backup_too_old',
    name,
    `${newestOf(name, newestGood)}; the maximum age is ${hours(maxAge)}`,
    'Make a backup, and find out why no automatic one was made: see "holdfast runs" and the log, and check that automatic backups are on.'
  )
}

function scheduleMissed ({ name, newestGood, freshSince }: SourceFacts): AlertFinding | undefined {
  if (freshSince === null || (newestGood !== null && newestGood >= freshSince)) return undefined
  return finding(
    'schedule_missed',
    name,
    `${newestOf(name, newestGood)}, and its schedule requires a newer one`,
    'Make a backup, and find out with "holdfast runs" and in the log why the scheduled ones failed.'
  )
}

function backupsOff ({ name, isAutomationUnset }: SourceFacts): AlertFinding | undefined {
  if (!isAutomationUnset) return undefined
  return finding(
    'backups_off',
    name,
    `automatic backups of "${name}" are off, which is the default`,
    'Set AUTO_BACKUP_ENABLED=true, or set it to false if another tool starts the backups.'
  )
}

function sourceMissing ({ name, isMissing }: SourceFacts): AlertFinding | undefined {
  if (!isMissing) return undefined
  return finding(
    'source_missing',
    name,
    `the database of "${name}" does not exist`,
    'Correct its path in the configuration, or mount its disk. If the database is lost, restore a backup.'
  )
}

function backupDamaged ({ name, damaged }: SourceFacts): AlertFinding | undefined {
  const [newest, ...others] = damaged
  if (newest === undefined) return undefined
  const message = others.length === 0
    ? `backup ${newest.id} of "${name}" is damaged: ${newest.reason}`
    : `${damaged.length} backups of "${name}" are damaged: ${
      listed(damaged.map(({ id }) => id))
    }; backup ${newest.id}: ${newest.reason}`
  return finding(
    'backup_damaged',
    name,
    message,
    'Make a new backup, find the cause of the damage, and remove the damaged backup. If you need a restore now, use another backup.'
  )
}

function backupUnproven ({ name, unproven }: SourceFacts): AlertFinding | undefined {
  if (unproven === null) return undefined
  return finding(
    'backup_unproven',
    name,
    `backup ${unproven.id} of "${name}" is not verified: ${unproven.reason}`,
    `Find an index, a CHECK constraint or a view of the database that takes long to compute, or raise CHILD_TIMEOUT_MS or CHILD_MEMORY_BYTES, then run "holdfast verify ${unproven.id}".`
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
    : `; ${suspects.length} backups are suspect since then, including ${listed(others.map(({ id }) => id))}`
  const commands = suspects.slice(0, NAMED).map(({ id }) => `holdfast release ${id}`).join(' && ')
  return finding(
    'backup_suspect',
    name,
    `backup ${first.id} of "${name}" is suspect: ${
      first.reasons.join('; ')
    }${more}; good backups from before it are kept`,
    `If the backup is good, such as after an intended change, run "${commands}"${
      suspects.length > NAMED ? ' and the same for the others' : ''
    }. If not, restore an older backup and remove the suspect ones.`
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
    `backup ${newest.id} of "${name}" has ${newest.size} bytes, ${share} than the usual ${usual}`,
    'Check whether this change was intended. If not, pin the previous backup to keep it.'
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
    } beyond the limit of maxBackups (${maxBackups}), because manual backups are made more often than the schedule requires; at ${maxBackups} excess backups, operators cannot make more`,
    `Find out who makes them. Remove them with "holdfast prune --source ${name}", raise maxBackups, or set AUTO_BACKUP_INTERVAL to the interval of the script.`
  )
}

function tooFewBackups ({ name, good }: SourceFacts, fewest: number): AlertFinding | undefined {
  if (good >= fewest) return undefined
  return finding(
    'too_few_backups',
    name,
    `there ${
      good === 1 ? 'is 1 good backup' : `are ${good} good backups`
    } of "${name}", fewer than the minimum of ${fewest}`,
    'Make more backups, and check that maxBackups and the retention rules keep enough.'
  )
}

function drillFailed ({ name, drills: { failed } }: SourceFacts): AlertFinding | undefined {
  if (failed === null) return undefined
  return finding(
    'drill_failed',
    name,
    `the drill of backup ${failed.backupId} of "${name}" failed at ${failed.at.toISOString()} with ${failed.code}: ${failed.message}`,
    'Find the cause, correct it or remove the backup, and run the drill again. If you need a restore now, use a backup that passed a drill.'
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
    ? `no backup of "${name}" has been restored or has passed a drill`
    : `the last restore or passed drill of "${name}" was at ${lastProven.toISOString()}`
  return finding(
    'drill_overdue',
    name,
    `${last}, and its schedule requires a drill since ${provenSince.toISOString()}`,
    'Find the cause with "holdfast runs" and "holdfast drills". A passed drill clears this alert.'
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
      count === 1 ? '1 backup is waiting' : `${count} backups are waiting`
    } for a copy in "${store}" since ${since.toISOString()}`
    return failure === null ? wait : `${wait}; the last attempt failed with ${failure.code}: ${failure.message}`
  })
  return finding(
    'copy_late',
    name,
    `"${name}": ${words.join('; ')}`,
    'Correct the cause, and test the store with "holdfast stores --check". The copies are then made automatically.'
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
  return number === 1 ? '1 hour' : `${number} hours`
}

function listed (ids: readonly number[]): string {
  const named = ids.slice(0, NAMED).join(', ')
  return ids.length > NAMED ? `${named} and ${ids.length - NAMED} more` : named
}
