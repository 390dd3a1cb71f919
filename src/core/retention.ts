import { TIERS, isLive, type BackupOutline, type Tier } from './backup.ts'
import { formatDuration, type Duration } from './duration.ts'
import { Periods } from './period.ts'
import { isBefore, isSuspect } from './suspicion.ts'

/** The newest backup of so many periods that have one, or of every period whose newest is no older than that. */
export type Keep = number | Duration

/** Which scheduled backups stay. At least one of the rules is given. */
export interface RetentionRules {
  /** The newest so many. */
  readonly last?: number
  readonly hourly?: Keep
  readonly daily?: Keep
  readonly weekly?: Keep
  readonly monthly?: Keep
  readonly yearly?: Keep
  /** Every one that is no older. */
  readonly within?: Duration
  /** Whatever the rules say, so many good ones stay. */
  readonly minBackups: number
}

export interface RetentionPolicy {
  /** How many backups of the source stay, however they were made; pinned ones are not counted. At least 1; null: no limit. */
  readonly maxBackups: number | null
  /** null: only `maxBackups` decides. */
  readonly rules: RetentionRules | null
  /** Where days, weeks, months and years begin. */
  readonly timeZone: string
  /** While the newest good backup was started before this, nothing goes; null: nothing is asked of it. */
  readonly freshSince: Date | null
  /** The first suspect of the source: nothing that was good before it goes; null: there is none. */
  readonly suspect: Pick<BackupOutline, 'id' | 'startedAt'> | null
}

export interface Retained {
  readonly backup: BackupOutline
  readonly keep: boolean
  /** Why, one phrase each; never empty. */
  readonly reasons: readonly string[]
  /**
   * How it goes: into the trash, where no rule keeps it any longer, or at once, where it is beyond `maxBackups`; `release`:
   * only from the disk where it landed, since another store keeps it by rules of its own. null: it stays.
   */
  readonly removal: 'trash' | 'erase' | 'release' | null
}

/** A removal of more than this share of a source's live backups is a mass deletion, … */
const MASS_SHARE = 0.5
/** … if it is of so many at least. */
const MASS_LEAST = 5
/** An encrypted database gives one suspect after the other, and they must not fill the disk: so many of the newest stay, and the first. */
const SUSPECTS = 3

/**
 * Says for each backup of one source whether it stays, and why. Newest first. Pure: what is removed, and when, is the
 * caller's business.
 *
 * The rules choose among the scheduled backups; those made by hand or before a migration are outside them. They are
 * united: what one of them keeps, stays. `maxBackups` then counts all there are, however they were made, those that the
 * rules chose first. Only good backups count: one that a later verification found damaged fills no place.
 *
 * A suspect that nobody has released fills no place either. Of suspects the first stays, and the newest three, as far
 * as anything limits how many backups stay; and everything good from before the first one stays until somebody has decided.
 *
 * Whatever the policy says, these stay: pinned ones, the newest live one, the newest that was proven valid, `minBackups`
 * good ones (as far as `maxBackups` allows), and whatever a kept one is built on. What was made in the future of this
 * clock stays, too, and stands for nothing. Backups that are not live (failed, running, in the trash) are neither
 * counted nor listed.
 */
export function applyRetention (backups: readonly BackupOutline[], policy: RetentionPolicy, now: Date): readonly Retained[] {
  const live = backups.filter(isLive).toSorted(newestFirst)
  const past = live.filter(({ startedAt }) => startedAt <= now)
  const kept = new Keeping()
  for (const backup of live) if (backup.pinned) kept.add(backup, 'pinned')
  for (const backup of live) if (backup.startedAt > now) kept.add(backup, 'made in the future of this clock')

  const frozen = freeze(past, policy)
  const beyond = frozen === null ? keepByPolicy(live, past, policy, now, kept) : new Set<BackupOutline>()
  if (frozen !== null) for (const backup of live) if (!isSuspect(backup)) kept.add(backup, frozen)
  keepSuspects(past, policy, kept)
  if (policy.suspect !== null) keepGoodBefore(policy.suspect, live, kept)
  keepParents(live, kept)

  return live.map(backup => {
    if (kept.has(backup)) return { backup, keep: true, reasons: kept.reasons(backup), removal: null }
    if (beyond.has(backup)) return { backup, keep: false, reasons: [`beyond the ${policy.maxBackups ?? 0} that maxBackups keeps`], removal: 'erase' }
    if (isSuspect(backup)) return { backup, keep: false, reasons: [`suspect, and neither the first nor one of the newest ${SUSPECTS}`], removal: policy.maxBackups === null ? 'trash' : 'erase' }
    return { backup, keep: false, reasons: [isGood(backup) ? 'no rule keeps it' : 'damaged: its last verification failed'], removal: 'trash' }
  })
}

/** Whether so many of a source's backups would go at once that somebody should have asked for it: more than half, and five at least. */
export function isMassRemoval (going: number, of: number): boolean {
  return going >= MASS_LEAST && going > of * MASS_SHARE
}

/** Which backups stay so far, and why. */
class Keeping {
  readonly #reasons = new Map<BackupOutline, string[]>()

  add (backup: BackupOutline | undefined, reason: string): void {
    if (backup !== undefined) this.#reasons.set(backup, [...this.#reasons.get(backup) ?? [], reason])
  }

  drop (backup: BackupOutline): void {
    this.#reasons.delete(backup)
  }

  has (backup: BackupOutline): boolean {
    return this.#reasons.has(backup)
  }

  reasons (backup: BackupOutline): readonly string[] {
    return this.#reasons.get(backup) ?? []
  }
}

/** Why nothing at all may go now, or null. */
function freeze (past: readonly BackupOutline[], { freshSince }: RetentionPolicy): string | null {
  if (freshSince === null) return null
  const newest = past.find(isGood)
  if (newest !== undefined && newest.startedAt >= freshSince) return null
  const found = newest === undefined ? 'there is no good backup' : `the newest good backup is from ${newest.startedAt.toISOString()}`
  return `nothing goes: ${found}, and the schedule asks for one since ${freshSince.toISOString()}`
}

/** Adds what stays by the rules and `maxBackups`, and returns what is beyond `maxBackups`. */
function keepByPolicy (live: readonly BackupOutline[], past: readonly BackupOutline[], { maxBackups, rules, timeZone }: RetentionPolicy, now: Date, kept: Keeping): ReadonlySet<BackupOutline> {
  const choosable = past.filter(backup => !backup.pinned && !isSuspect(backup))
  const chosen = rules === null ? choosable : chooseByRules(live, choosable, rules, new Periods(timeZone), now, kept)
  if (rules === null && maxBackups === null) for (const backup of choosable) kept.add(backup, 'nothing limits how many stay')
  const beyond = maxBackups === null ? new Set<BackupOutline>() : limit(choosable, chosen, maxBackups, kept)
  kept.add(past[0], 'newest backup')
  kept.add(past.find(isValid), 'newest verified backup')
  return beyond
}

/** What the first suspect and the newest ones say of each other is all that there is to see of an attack, or of an error. */
function keepSuspects (past: readonly BackupOutline[], { maxBackups, rules, suspect }: RetentionPolicy, kept: Keeping): void {
  const suspects = past.filter(backup => !backup.pinned && isSuspect(backup))
  if (rules === null && maxBackups === null) for (const backup of suspects) kept.add(backup, 'nothing limits how many stay')
  for (const [index, backup] of suspects.slice(0, SUSPECTS).entries()) kept.add(backup, `suspect: number ${index + 1} of the newest ${SUSPECTS}`)
  kept.add(suspects.find(({ id }) => id === suspect?.id) ?? suspects.at(-1), 'suspect: the first one')
}

function keepGoodBefore (suspect: Pick<BackupOutline, 'id' | 'startedAt'>, live: readonly BackupOutline[], kept: Keeping): void {
  for (const backup of live) if (isGood(backup) && isBefore(backup, suspect)) kept.add(backup, `good, and from before backup ${suspect.id}, which is suspect until somebody releases or deletes it`)
}

/** Adds what the rules keep, and what is outside them, and returns it. */
function chooseByRules (live: readonly BackupOutline[], choosable: readonly BackupOutline[], rules: RetentionRules, calendar: Periods, now: Date, kept: Keeping): readonly BackupOutline[] {
  const scheduled = choosable.filter(({ type }) => type === 'scheduled')
  const good = scheduled.filter(isGood)

  for (const backup of choosable) if (backup.type !== 'scheduled') kept.add(backup, `${backup.type}: outside the rules`)
  for (const [index, backup] of good.slice(0, rules.last ?? 0).entries()) kept.add(backup, `number ${index + 1} of the last ${rules.last ?? 0}`)
  for (const tier of TIERS) {
    const rule = rules[tier]
    if (rule !== undefined) keepNewestOfEach(good, tier, rule, calendar, now, kept)
  }
  if (rules.within !== undefined) {
    const since = calendar.before(now, rules.within)
    for (const backup of good) if (backup.startedAt >= since) kept.add(backup, `within ${formatDuration(rules.within)}`)
  }

  const newestGood = live.find(backup => isGood(backup) && backup.startedAt <= now)
  for (const backup of scheduled) if (!isGood(backup) && (newestGood === undefined || newestFirst(newestGood, backup) > 0)) kept.add(backup, 'damaged, but nothing newer is good')
  const missing = rules.minBackups - live.filter(backup => isGood(backup) && kept.has(backup)).length
  for (const backup of good.filter(each => !kept.has(each)).slice(0, Math.max(0, missing))) kept.add(backup, `one of the ${rules.minBackups} that minBackups keeps`)
  return choosable.filter(backup => kept.has(backup))
}

/** Keeps the newest backup of each period: of so many periods that have one, or of all that are young enough. */
function keepNewestOfEach (good: readonly BackupOutline[], tier: Tier, rule: Keep, calendar: Periods, now: Date, kept: Keeping): void {
  const since = typeof rule === 'number' ? null : calendar.before(now, rule)
  let last: string | undefined
  let found = 0
  for (const backup of good) {
    const period = calendar.periodOf(tier, backup.startedAt)
    if (period === last) continue
    last = period
    found++
    if (typeof rule === 'number' && found <= rule) kept.add(backup, `${tier}: newest of ${period}, number ${found} of ${rule}`)
    if (since !== null && typeof rule !== 'number' && backup.startedAt >= since) kept.add(backup, `${tier}: newest of ${period}, within ${formatDuration(rule)}`)
  }
}

/** Counts the chosen first, then the others, each with the damaged last, and returns what is beyond `maxBackups`. */
function limit (choosable: readonly BackupOutline[], chosen: readonly BackupOutline[], maxBackups: number, kept: Keeping): ReadonlySet<BackupOutline> {
  const isChosen = new Set(chosen)
  const counted = [...goodFirst(chosen), ...goodFirst(choosable.filter(backup => !isChosen.has(backup)))]
  for (const [index, backup] of counted.slice(0, maxBackups).entries()) if (isChosen.has(backup)) kept.add(backup, `number ${index + 1} of the ${maxBackups} that maxBackups keeps`)
  const beyond = new Set(counted.slice(maxBackups))
  for (const backup of beyond) kept.drop(backup)
  return beyond
}

/** Adds what the kept ones are built on, all the way down. */
function keepParents (live: readonly BackupOutline[], kept: Keeping): void {
  const byId = new Map(live.map(backup => [backup.id, backup]))
  const children = live.filter(backup => kept.has(backup))
  // It grows while it is walked: a parent that is kept for its child has to keep its own.
  for (const child of children) {
    const parent = child.parentId === null ? undefined : byId.get(child.parentId)
    if (parent === undefined) continue
    if (!kept.has(parent)) children.push(parent)
    kept.add(parent, `backup ${child.id} is built on it`)
  }
}

function goodFirst (backups: readonly BackupOutline[]): readonly BackupOutline[] {
  return [...backups.filter(isGood), ...backups.filter(backup => !isGood(backup))]
}

function newestFirst (a: BackupOutline, b: BackupOutline): number {
  return b.startedAt.getTime() - a.startedAt.getTime() || b.id - a.id
}

function isGood (backup: BackupOutline): boolean {
  return backup.verification.status !== 'invalid' && !isSuspect(backup)
}

function isValid (backup: BackupOutline): boolean {
  return backup.verification.status === 'valid' && !isSuspect(backup)
}
