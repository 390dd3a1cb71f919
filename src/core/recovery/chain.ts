import { isFromFuture, isLive, type BackupOutline } from '../backup/backup.ts'
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
      const named = child.parentId === null ? 'a backup that is not known' : `backup ${child.parentId}`
      return { links, broken: `backup ${child.id} is built on ${named}, which is not there` }
    }
    if (seen.has(parent.id)) return { links, broken: `backup ${parent.id} is built on itself` }
    links.unshift(parent)
    seen.add(parent.id)
    if (!fits(parent, child)) return { links, broken: `backups ${parent.id} and ${child.id} are of different chains` }
    child = parent
  }
  return { links, broken: null }
}

function fits ({ link: parent }: Chained, { link: child }: Chained): boolean {
  if (parent === null || child === null) return parent === child
  return parent.chain === child.chain && parent.lineage === child.lineage && parent.depth + 1 === child.depth
}

export interface ChainPolicy {
  /** A chain has at most so many increments. */
  readonly maxDepth: number
}

/** The backup that an increment is built on, or why a full one is to be made instead, in words. */
export type ParentChoice<T> =
  | { readonly parent: T, readonly reason: null }
  | { readonly parent: null, readonly reason: string }

/**
 * Chooses what an increment is built on: the newest backup of a chain. Never on one that a verification found damaged
 * or that is suspect, nor on one whose own chain has such a link or a gap: then a full backup starts a new chain.
 * `candidates`: the backups of one source.
 */
export function chooseParent<T extends BackupOutline> (
  candidates: readonly T[],
  { maxDepth }: ChainPolicy,
  now: Date
): ParentChoice<T> {
  const live = candidates.filter(isLive)
  const [parent] = live.filter(({ link, startedAt }) => link !== null && !isFromFuture(startedAt, now)).toSorted((
    a,
    b
  ) => b.startedAt.getTime() - a.startedAt.getTime() || b.id - a.id)
  if (parent === undefined) return { parent: null, reason: 'there is no backup yet that an increment can be built on' }
  const { links, broken } = chainOf(parent, new Map(live.map(one => [one.id, one])))
  const damaged = links.find(({ verification }) => verification.status === 'invalid')
  const suspect = links.find(isSuspect)
  const depth = parent.link?.depth ?? 0
  const reason = broken ??
    (damaged && `backup ${damaged.id} is damaged`) ??
    (suspect && `backup ${suspect.id} is suspect`) ??
    (depth >= maxDepth ? `the chain has ${depth} increments already` : null)
  return reason === null ? { parent, reason } : { parent: null, reason }
}
