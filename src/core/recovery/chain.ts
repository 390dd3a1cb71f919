import { CLOCK_SKEW, isFromFuture, isLive, type BackupOutline } from '../backup/backup.ts'
import { isSuspect } from '../backup/suspicion.ts'

/** What has to be known of a backup to tell what it is built on. */
export type Chained = Pick<BackupOutline, 'id' | 'parentId' | 'link'>

export interface Chain<T> {
  /** The full backup first, then each increment, and last the backup itself; without what is not there. */
  readonly links: readonly T[]
  /** Why they restore nothing, in words; null: they do, as far as each of them is sound. */
  readonly broken: string | null
}

/** Whether the backup holds no more than what changed since another one. */
export function isIncrement ({ parentId, link }: Pick<Chained, 'parentId' | 'link'>): boolean {
  return parentId !== null || (link !== null && link.depth > 0)
}

/** What it takes to restore the backup. `byId`: those that may be used, by their ids. Pure, as all here. */
export function chainOf<T extends Chained> (backup: T, byId: ReadonlyMap<number, T>): Chain<T> {
  const links = [backup]
  const seen = new Set([backup.id])
  for (let child = backup; isIncrement(child);) {
    const parent = child.parentId === null ? undefined : byId.get(child.parentId)
    if (parent === undefined) {
      const named = child.parentId === null ? 'an unknown backup' : `backup ${child.parentId}`
      return { links, broken: `backup ${child.id} depends on ${named}, which is missing` }
    }
    if (seen.has(parent.id)) return { links, broken: `backup ${parent.id} depends on itself` }
    links.unshift(parent)
    seen.add(parent.id)
    if (!fits(parent, child)) {
      return { links, broken: `backups ${parent.id} and ${child.id} belong to different chains` }
    }
    child = parent
  }
  return { links, broken: null }
}

function fits ({ link: parent }: Chained, { link: child }: Chained): boolean {
  if (parent === null || child === null) return parent === child
  return parent.chain === child.chain && parent.lineage === child.lineage && parent.depth + 1 === child.depth
}

/** How far a chain is continued. The configuration checks the ranges (`maxChainLength`, `maxChainAge`). */
export interface ChainPolicy {
  /** Backups in one chain at most, its full backup included. 1: every backup is a full one. */
  readonly maxLength: number
  /** The full backup of a chain that is continued began less than this ago. Milliseconds. */
  readonly maxAge: number
}

/** The backup that an increment is built on, or why a full one is made, as text: a clause without a full stop. */
export type ParentChoice<T> =
  | { readonly parent: T, readonly reason: null }
  | { readonly parent: null, readonly reason: string }

const DAY = 86_400_000

/**
 * Chooses the backup that an increment is built on: the newest backup of a chain. Never one that a verification found
 * damaged or that is suspect, nor one whose own chain has such a link or a gap: then a full backup starts a new chain.
 * `candidates`: the backups of one source.
 */
export function chooseParent<T extends BackupOutline> (
  candidates: readonly T[],
  policy: ChainPolicy,
  now: Date
): ParentChoice<T> {
  const live = candidates.filter(isLive)
  const [parent] = live.filter(({ link, startedAt }) => link !== null && !isFromFuture(startedAt, now)).toSorted((
    a,
    b
  ) => b.startedAt.getTime() - a.startedAt.getTime() || b.id - a.id)
  if (parent === undefined) return { parent: null, reason: 'there is no backup yet for an increment' }
  const reason = whyNot(chainOf(parent, new Map(live.map(one => [one.id, one]))), parent, policy, now)
  return reason === null ? { parent, reason } : { parent: null, reason }
}

function whyNot (
  { links, broken }: Chain<BackupOutline>,
  parent: BackupOutline,
  { maxLength, maxAge }: ChainPolicy,
  now: Date
): string | null {
  if (broken !== null) return broken
  const damaged = links.find(({ verification }) => verification.status === 'invalid')
  if (damaged !== undefined) return `backup ${damaged.id} is damaged`
  const suspect = links.find(isSuspect)
  if (suspect !== undefined) return `backup ${suspect.id} is suspect`
  if (links.length >= maxLength) return `the chain of backup ${parent.id} has reached maxChainLength (${maxLength})`
  // Runs begin a moment earlier or later than the one a whole number of days before them.
  const { id, startedAt } = links[0] ?? parent
  return now.getTime() - startedAt.getTime() + CLOCK_SKEW >= maxAge
    ? `the full backup ${id} has reached maxChainAge (${Math.round(maxAge / DAY * 10) / 10} days)`
    : null
}
