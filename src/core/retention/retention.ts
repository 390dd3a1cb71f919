import { isLive, type BackupOutline } from '../backup/backup.ts'
import { isBefore, isSuspect } from '../backup/suspicion.ts'
import { Chains, newestFirst } from './chains.ts'
import { Periods } from './period.ts'
import { chooseByRules, type RetentionRules } from './rules.ts'
import { outOfPace } from './surplus.ts'

export interface RetentionPolicy {
  /**
   * How many full backups of the source stay, however they were made; pinned ones are not counted, and an increment
   * goes with its chain. At least 1; null: no limit.
   */
  readonly maxBackups: number | null
  /** null: only `maxBackups` decides. */
  readonly rules: RetentionRules | null
  /** Where days, weeks, months and years begin. */
  readonly timeZone: string
  /** While the newest good backup was started before this, nothing goes; null: nothing is asked of it. */
  readonly freshSince: Date | null
  /** The first suspect of the source: nothing that was good before it goes; null: there is none. */
  readonly suspect: Pick<BackupOutline, 'id' | 'startedAt'> | null
  /**
   * Milliseconds. Of the backups that no schedule made, `maxBackups` counts at most one in this time, and none as close
   * to a scheduled one. null or left out: it counts each, as it does where an admin asks for a prune.
   */
  readonly pace?: number | null
  /** Other live backups of the source, which are not decided on: what is built on one of them is whole all the same. */
  readonly others?: readonly BackupOutline[]
}

export interface Retained {
  readonly backup: BackupOutline
  readonly keep: boolean
  /** Why, one phrase each; never empty. */
  readonly reasons: readonly string[]
  /**
   * How it goes: into the trash, where no rule keeps it any longer, or at once, where it is beyond `maxBackups`;
   * `evict`: only from the disk where it landed, since another store keeps it by rules of its own. null: it stays.
   */
  readonly removal: 'trash' | 'erase' | 'evict' | null
  /** Whether it is beyond `maxBackups`: rotation removes it, and need not wait for a prune. */
  readonly isBeyond: boolean
}

/** A removal of more than this share of a source's live backups is a mass deletion, … */
const MASS_SHARE = 0.5
/** … if it is of so many at least. */
const MASS_LEAST = 5

/**
 * Decides for each backup of one source whether it stays, and why. Newest first. Pure: what is removed, and when, is
 * the caller's business.
 *
 * The rules choose among the scheduled backups; those made by hand or before a migration are outside them. They are
 * united: what one of them keeps, stays. `maxBackups` then counts all there are, however they were made, those that the
 * rules chose first. Only good backups count: one that a later verification found damaged fills no place.
 *
 * Number does not outrun time: with a `pace`, a backup is beyond `maxBackups` only if it would be so had the others
 * been made no faster than that, and goes into the trash unless scheduled backups alone push it out.
 *
 * The same policy decides on suspects that nobody has released as on a series of their own: they fill no place among
 * the good ones, the good ones none among them, and being suspect makes no sound one go that would stay otherwise. The
 * first suspect always stays, and so does everything good from before it, until somebody has decided.
 *
 * A full backup and the increments on it are a chain, and all that `minBackups`, `maxBackups` and the pace count are
 * full backups. What is beyond `maxBackups` goes with all of its chain. The day, the week, the month and the year have
 * their newest full backup, where they have one: an increment would keep all those before it. The rules choose among
 * increments otherwise as among full ones. A damaged link, or one that is not there, makes what is built on it damaged.
 *
 * Whatever the policy is, these stay: pinned ones, the newest live one, the newest that was proven valid, `minBackups`
 * good ones (as far as `maxBackups` allows), and whatever a kept one is built on. What was made in the future of this
 * clock stays, too, and stands for nothing. Backups that are not live (failed, running, in the trash) are neither
 * counted nor listed.
 */
export function applyRetention (
  backups: readonly BackupOutline[],
  policy: RetentionPolicy,
  now: Date
): readonly Retained[] {
  const live = backups.filter(isLive).toSorted(newestFirst)
  const kept = new Keeping()
  const chains = new Chains([...policy.others ?? [], ...live])
  for (const backup of live) if (backup.pinned) kept.add(backup, 'pinned')
  for (const backup of live) if (backup.startedAt > now) kept.add(backup, 'dated in the future')

  const good = live.filter(backup => !isSuspect(backup))
  const suspects = live.filter(isSuspect)
  // Suspects are new backups, too: they wait for nothing where the source goes on.
  const decided = [
    decideSeries(good, freeze(good, policy, chains, now), policy, chains, now),
    decideSeries(suspects, freeze(live, policy, chains, now), policy, chains, now)
  ] as const
  const beyond = new Map(decided.flatMap(({ limited }) => [...limited.beyond]))
  // A head that its own series does not choose goes by no number: what the other series chooses of its chain stays.
  const isBeyond = (backup: BackupOutline): boolean => {
    const head = chains.headOf(backup)
    return decided.some(({ heads, limited }) => heads.has(head) && limited.beyond.has(head))
  }
  keepByPolicy(decided[0], isBeyond, policy, chains, now, (backup, reason) => {
    kept.add(backup, reason)
  })
  keepByPolicy(decided[1], isBeyond, policy, chains, now, (backup, reason) => {
    kept.add(backup, `suspect: ${reason}`)
  })
  kept.add(
    suspects.find(({ id }) => id === policy.suspect?.id) ?? suspects.findLast(({ startedAt }) => startedAt <= now),
    'suspect: the first one'
  )
  if (policy.suspect !== null) keepGoodBefore(policy.suspect, live, chains, kept)
  keepParents(live, chains, kept)

  return live.map(backup => {
    const removal = beyond.get(chains.headOf(backup))
    if (kept.has(backup)) return { backup, keep: true, reasons: kept.reasons(backup), removal: null, isBeyond: false }
    if (removal !== undefined) {
      return {
        backup,
        keep: false,
        reasons: [`beyond the limit of maxBackups (${policy.maxBackups ?? 0})`],
        removal,
        isBeyond: true
      }
    }
    return {
      backup,
      keep: false,
      reasons: [
        chains.isSound(backup)
          ? 'no rule keeps it'
          : chains.of(backup).broken ?? 'damaged: its last verification failed'
      ],
      removal: 'trash',
      isBeyond: false
    }
  })
}

/**
 * Whether so many of a source's backups would go at once that somebody should have asked for it: more than half, and
 * five at least.
 */
export function isMassRemoval (going: number, of: number): boolean {
  return going >= MASS_LEAST && going > of * MASS_SHARE
}

/** Which backups stay so far, and why. */
class Keeping {
  readonly #reasons = new Map<BackupOutline, string[]>()

  add (backup: BackupOutline | undefined, reason: string): void {
    if (backup !== undefined) this.#reasons.set(backup, [...this.#reasons.get(backup) ?? [], reason])
  }

  has (backup: BackupOutline): boolean {
    return this.#reasons.has(backup)
  }

  reasons (backup: BackupOutline): readonly string[] {
    return this.#reasons.get(backup) ?? []
  }
}

/** Why nothing of the series may go now, or null. */
function freeze (
  series: readonly BackupOutline[],
  { freshSince }: RetentionPolicy,
  chains: Chains,
  now: Date
): string | null {
  if (freshSince === null) return null
  const newest = series.find(backup => chains.isSound(backup) && backup.startedAt <= now)
  if (newest !== undefined && newest.startedAt >= freshSince) return null
  const found = newest === undefined
    ? 'there is no good backup'
    : `the newest good backup is from ${newest.startedAt.toISOString()}`
  return `nothing is removed: ${found}, and the schedule requires one since ${freshSince.toISOString()}`
}

type Reasoned = (backup: BackupOutline, reason: string) => void

/** What the policy says of one series, newest first. */
interface Series {
  readonly all: readonly BackupOutline[]
  /** Why nothing of it may go now, or null. */
  readonly frozen: string | null
  /** What the rules choose, with the reasons. */
  readonly chosen: ReadonlyMap<BackupOutline, readonly string[]>
  /** The full backups among them, and those that chosen increments go with. */
  readonly heads: ReadonlySet<BackupOutline>
  readonly limited: Limited
}

function decideSeries (
  all: readonly BackupOutline[],
  frozen: string | null,
  policy: RetentionPolicy,
  chains: Chains,
  now: Date
): Series {
  if (frozen !== null) return { all, frozen, chosen: new Map(), heads: new Set(), limited: NO_LIMIT }
  const { maxBackups, rules } = policy
  const choosable = all.filter(({ pinned, startedAt }) => !pinned && startedAt <= now)
  const chosen = rules === null
    ? new Map(choosable.map(backup => [backup, []]))
    : chooseByRules(all, choosable, rules, new Periods(policy.timeZone), chains, now)
  const heads = new Set([...chosen.keys()].map(backup => chains.headOf(backup)))
  const limited = maxBackups === null
    ? NO_LIMIT
    : limit(choosable.filter(backup => chains.headOf(backup) === backup), heads, maxBackups, policy.pace ?? 0, chains)
  return { all, frozen, chosen, heads, limited }
}

/** Keeps of one series what stays by the rules and `maxBackups`. */
function keepByPolicy (
  { all, frozen, chosen, heads, limited: { within, over } }: Series,
  isBeyond: (backup: BackupOutline) => boolean,
  { maxBackups, rules }: RetentionPolicy,
  chains: Chains,
  now: Date,
  keep: Reasoned
): void {
  if (frozen !== null) {
    for (const backup of all) keep(backup, frozen)
    return
  }
  for (const [backup, reasons] of chosen) {
    if (isBeyond(backup)) continue
    for (const reason of reasons) keep(backup, reason)
    const head = chains.headOf(backup)
    if (rules === null && maxBackups === null) keep(backup, 'no limit is set')
    else if (rules === null && head !== backup) keep(backup, `an increment of backup ${head.id}, which is kept`)
  }
  for (const [backup, number] of within) {
    if (heads.has(backup)) keep(backup, `number ${number} of ${maxBackups ?? 0} (maxBackups)`)
  }
  for (const backup of over) {
    if (heads.has(backup)) {
      keep(
        backup,
        `beyond the limit of maxBackups (${
          maxBackups ?? 0
        }), and kept until an admin prunes, because newer backups were made more often than the schedule requires`
      )
    }
  }
  const past = all.filter(({ startedAt }) => startedAt <= now)
  const [newest] = past
  if (newest !== undefined) keep(newest, 'newest backup')
  const valid = past.find(backup => isValid(backup) && chains.isSound(backup))
  if (valid !== undefined) keep(valid, 'newest verified backup')
}

function keepGoodBefore (
  suspect: Pick<BackupOutline, 'id' | 'startedAt'>,
  live: readonly BackupOutline[],
  chains: Chains,
  kept: Keeping
): void {
  for (const backup of live) {
    if (chains.isSound(backup) && !isSuspect(backup) && isBefore(backup, suspect)) {
      kept.add(
        backup,
        `good, and made before backup ${suspect.id}, which is suspect until it is released or removed`
      )
    }
  }
}

interface Limited {
  /** What is within the limit, with its number. */
  readonly within: ReadonlyMap<BackupOutline, number>
  /** What is over it by number, but not by the pace. */
  readonly over: readonly BackupOutline[]
  readonly beyond: ReadonlyMap<BackupOutline, 'trash' | 'erase'>
}

const NO_LIMIT: Limited = { within: new Map(), over: [], beyond: new Map() }

/** Of full backups. Counts the chosen first, then the others, each with the damaged last. */
function limit (
  full: readonly BackupOutline[],
  chosen: ReadonlySet<BackupOutline>,
  maxBackups: number,
  pace: number,
  chains: Chains
): Limited {
  const rank = (backup: BackupOutline): number => Number(!chosen.has(backup)) * 2 + Number(!chains.isSound(backup))
  const order = full.toSorted((a, b) => rank(a) - rank(b) || newestFirst(a, b))
  const within = new Map(order.slice(0, maxBackups).map((backup, index) => [backup, index + 1]))
  const over: BackupOutline[] = []
  const beyond = new Map<BackupOutline, 'trash' | 'erase'>()
  const uncounted = outOfPace(order, pace)
  let counted = 0
  let scheduled = 0
  for (const backup of order) {
    if (counted >= maxBackups) beyond.set(backup, pace === 0 || scheduled >= maxBackups ? 'erase' : 'trash')
    else if (!within.has(backup)) over.push(backup)
    if (backup.type === 'scheduled') scheduled++
    if (!uncounted.has(backup)) counted++
  }
  return { within, over, beyond }
}

/** Adds what the kept ones are built on, all the way down. */
function keepParents (live: readonly BackupOutline[], chains: Chains, kept: Keeping): void {
  const children = live.filter(backup => kept.has(backup))
  // It grows while it is walked: a parent that is kept for its child has to keep its own.
  for (const child of children) {
    const parent = chains.parentOf(child)
    if (parent === undefined) continue
    if (!kept.has(parent)) children.push(parent)
    kept.add(parent, `backup ${child.id} depends on it`)
  }
}

function isValid (backup: BackupOutline): boolean {
  return backup.verification.status === 'valid'
}
