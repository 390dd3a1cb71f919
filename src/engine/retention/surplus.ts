import type { OutlineWithStores } from '../../core/backup/backup.ts'
import { BackupError } from '../../core/errors.ts'
import type { ProtectedSource } from '../../core/protected-source.ts'
import { countSurplus, outOfPace, surplusOf, type SurplusPolicy } from '../../core/retention/surplus.ts'
import type { EngineDeps } from '../deps.ts'

/** How often a backup is asked for where only a calendar asks: once a day. Milliseconds. */
const DAY = 86_400_000

function policyOf (deps: Pick<EngineDeps, 'settings'>, chosen: ProtectedSource): SurplusPolicy {
  const { maxBackups, interval } = deps.settings.policyFor(chosen)
  return { maxBackups, pace: interval ?? DAY }
}

/** Milliseconds between two backups of the source that no schedule made, for `maxBackups` to count both. */
export function paceOf (deps: Pick<EngineDeps, 'settings'>, chosen: ProtectedSource): number {
  return policyOf(deps, chosen).pace
}

/** What is in the landing store: the limit is about room there. */
async function landed (
  deps: Pick<EngineDeps, 'catalog' | 'store'>,
  { source }: ProtectedSource
): Promise<readonly OutlineWithStores[]> {
  return (await deps.catalog.backups.existing(source.name)).filter(({ stores }) =>
    stores.length === 0 || stores.includes(deps.store.name)
  )
}

export interface OverLimit {
  /** Backups that are there beyond `maxBackups`, since they were made by hand faster than the schedule asks for. */
  readonly count: number
  readonly maxBackups: number
}

/** null: there is no limit, or nothing is over it. Rejects as the catalog does. */
export async function overLimit (
  deps: Pick<EngineDeps, 'settings' | 'catalog' | 'store' | 'clock'>,
  chosen: ProtectedSource
): Promise<OverLimit | null> {
  const policy = policyOf(deps, chosen)
  if (policy.maxBackups === null || !await mayBeOver(deps, chosen, policy.maxBackups)) return null
  const count = countSurplus(await landed(deps, chosen), policy, deps.clock.now())
  return count === 0 ? null : { count, maxBackups: policy.maxBackups }
}

/**
 * By the numbers alone, which cost the same however many backups there are. What schedules made is never over the limit
 * in this sense.
 */
async function mayBeOver (
  { catalog }: Pick<EngineDeps, 'catalog'>,
  { source }: ProtectedSource,
  maxBackups: number
): Promise<boolean> {
  const numberOf = async (type?: 'scheduled'): Promise<number> =>
    (await catalog.backups.list({ source: source.name, status: 'completed', type, limit: 1 })).count
  const all = await numberOf()
  return all > maxBackups && all > await numberOf('scheduled')
}

/**
 * Throws `TOO_MANY_PINNED` where as many backups of the source as `maxBackups` keeps are pinned already, all made by
 * hand faster than the schedule asks for: what is pinned never gives way, so that pins of many could leave no room for
 * scheduled backups.
 */
export async function requirePinnable (deps: EngineDeps, chosen: ProtectedSource): Promise<void> {
  const { maxBackups, pace } = policyOf(deps, chosen)
  if (maxBackups === null) return
  const pinned = (await landed(deps, chosen)).filter(backup => backup.pinned).toSorted((a, b) =>
    b.startedAt.getTime() - a.startedAt.getTime()
  )
  const count = outOfPace(pinned, pace).size
  if (count < maxBackups) return
  const { name } = chosen.source
  throw new BackupError(
    'TOO_MANY_PINNED',
    `${count} manual backups of "${name}" are pinned, and the limit is maxBackups (${maxBackups})`,
    {
      hint: 'Ask an admin to pin it, or unpin backups that are no longer needed.',
      details: { pinned: count, maxBackups }
    }
  )
}

/**
 * Ids of all backups that may go where room is wanted in the landing store, of all sources: newest first, as far as
 * they are of one.
 */
export async function surplusIds (deps: EngineDeps): Promise<readonly number[]> {
  const found: number[] = []
  for (const chosen of deps.sources.values()) {
    const policy = policyOf(deps, chosen)
    if (policy.maxBackups === null || !await mayBeOver(deps, chosen, policy.maxBackups)) continue
    found.push(...surplusOf(await landed(deps, chosen), policy, deps.clock.now()).map(({ id }) => id))
  }
  return found
}
