import type { PlacedOutline } from '../core/backup.ts'
import { BackupError } from '../core/errors.ts'
import { countSurplus, surplusOf, type SurplusPolicy } from '../core/surplus.ts'
import type { EngineDeps, ProtectedSource } from './deps.ts'

/** How often a backup is asked for where only a calendar asks: once a day. Milliseconds. */
const DAY = 86_400_000

/** Milliseconds between two backups of the source that no schedule made, for `maxBackups` to count both. */
export function paceOf (deps: Pick<EngineDeps, 'settings'>, chosen: ProtectedSource): number {
  return deps.settings.policyFor(chosen).interval ?? DAY
}

function policyOf (deps: Pick<EngineDeps, 'settings'>, chosen: ProtectedSource): SurplusPolicy {
  return { maxBackups: deps.settings.policyFor(chosen).maxBackups, pace: paceOf(deps, chosen) }
}

/** What is in the landing store: the limit is about room there. */
async function landed (deps: Pick<EngineDeps, 'catalog' | 'store'>, { source }: ProtectedSource): Promise<readonly PlacedOutline[]> {
  return (await deps.catalog.backups.existing(source.name)).filter(({ stores }) => stores.length === 0 || stores.includes(deps.store.name))
}

export interface OverLimit {
  /** Backups that are there beyond `maxBackups`, since they were made by hand faster than the schedule asks for. */
  readonly count: number
  readonly maxBackups: number
}

/** null: there is no limit, or nothing is over it. Rejects as the catalog does. */
export async function overLimit (deps: Pick<EngineDeps, 'settings' | 'catalog' | 'store' | 'clock'>, chosen: ProtectedSource): Promise<OverLimit | null> {
  const policy = policyOf(deps, chosen)
  if (policy.maxBackups === null || !await mayBeOver(deps, chosen, policy.maxBackups)) return null
  const count = countSurplus(await landed(deps, chosen), policy, deps.clock.now())
  return count === 0 ? null : { count, maxBackups: policy.maxBackups }
}

/** By the numbers alone, which cost the same however many backups there are. What schedules made is never over the limit in this sense. */
async function mayBeOver ({ catalog }: Pick<EngineDeps, 'catalog'>, { source }: ProtectedSource, maxBackups: number): Promise<boolean> {
  const numberOf = async (type?: 'scheduled'): Promise<number> => (await catalog.backups.list({ source: source.name, status: 'completed', type, limit: 1 })).count
  const all = await numberOf()
  return all > maxBackups && all > await numberOf('scheduled')
}

/** Throws `TOO_MANY_BACKUPS` where as many backups again as `maxBackups` keeps are there beyond it, made by hand faster than the schedule asks for. */
export async function requireWithinLimit (deps: EngineDeps, chosen: ProtectedSource): Promise<void> {
  const over = await overLimit(deps, chosen)
  if (over === null || over.count < over.maxBackups) return
  const { name } = chosen.source
  throw new BackupError('TOO_MANY_BACKUPS', `${over.count} backups of "${name}" are there beyond the ${over.maxBackups} that maxBackups keeps, made by hand faster than its schedule asks for`, {
    hint: `Have an admin prune with "holdfast prune --source ${name}" or POST /api/backups/prune, or raise maxBackups; where a script makes backups, set AUTO_BACKUP_INTERVAL to how often it does.`,
    details: { surplus: over.count, maxBackups: over.maxBackups }
  })
}

/** Ids of all backups that may go where room is wanted in the landing store, of all sources: newest first, as far as they are of one. */
export async function surplusIds (deps: EngineDeps): Promise<readonly number[]> {
  const found: number[] = []
  for (const chosen of deps.sources.values()) {
    const policy = policyOf(deps, chosen)
    if (policy.maxBackups === null || !await mayBeOver(deps, chosen, policy.maxBackups)) continue
    found.push(...surplusOf(await landed(deps, chosen), policy, deps.clock.now()).map(({ id }) => id))
  }
  return found
}
