import type { SourceStatistics, Statistics } from '../../core/catalog/catalog.ts'
import type { ProtectedSource } from '../../core/protected-source.ts'
import type { SourcePolicy } from '../../core/schedule/policy.ts'
import type { EngineDeps } from '../deps.ts'
import { freshSince, nextRun, provenSince, rulesInForce, type RulesInForce } from '../retention/deadlines.ts'
import { sourceLock } from '../jobs/locks.ts'

export interface SourceState {
  readonly name: string
  readonly kind: string
  readonly location: string
  readonly isDefault: boolean
  /** `busy`: a backup is under way; `failing`: the last one failed; `never`: none was made yet. */
  readonly state: 'ok' | 'busy' | 'failing' | 'never'
  readonly policy: SourcePolicy
  readonly statistics: SourceStatistics
  readonly nextRun: Date | null
  /** A good backup started at or after this must exist, or the schedule was not kept; null: nothing is asked. */
  readonly freshSince: Date | null
  /** That a backup restores must have been proven at or after this, or drills are overdue; null: nothing is asked. */
  readonly provenSince: Date | null
}

export interface ServiceStatistics extends Statistics {
  readonly states: readonly SourceState[]
}

/** Totals, and how each configured source stands. */
export async function serviceStatistics (deps: EngineDeps): Promise<ServiceStatistics> {
  const statistics = await deps.catalog.backups.statistics()
  const byName = new Map(statistics.sources.map(entry => [entry.source, entry]))
  const held = await deps.runner.locks.names()
  const rules = await rulesInForce(deps)
  const states = [...deps.sources.values()].map(chosen =>
    stateOf(deps, chosen, byName.get(chosen.source.name), held, rules)
  )
  return { ...statistics, states }
}

export async function sourceState (deps: EngineDeps, chosen: ProtectedSource): Promise<SourceState> {
  const { sources } = await deps.catalog.backups.statistics()
  const own = sources.find(({ source }) => source === chosen.source.name)
  return stateOf(deps, chosen, own, await deps.runner.locks.names(), await rulesInForce(deps))
}

function stateOf (
  deps: EngineDeps,
  chosen: ProtectedSource,
  statistics: SourceStatistics | undefined,
  held: ReadonlySet<string>,
  rules: RulesInForce
): SourceState {
  const { name, kind, location } = chosen.source
  const policy = deps.settings.policyFor(chosen)
  const found = statistics ?? nothing(name)
  return {
    name,
    kind,
    location,
    isDefault: name === deps.defaultSource,
    state: held.has(sourceLock(name)) ? 'busy' : health(found),
    policy,
    statistics: found,
    nextRun: nextRun(deps, policy, found.lastScheduled),
    freshSince: freshSince(deps, chosen, policy, rules),
    provenSince: provenSince(deps, chosen, policy, rules)
  }
}

function health ({ lastSuccess, lastFailure }: SourceStatistics): SourceState['state'] {
  if (lastFailure !== null && (lastSuccess === null || lastFailure > lastSuccess)) return 'failing'
  return lastSuccess === null ? 'never' : 'ok'
}

function nothing (source: string): SourceStatistics {
  return {
    source,
    lastSuccess: null,
    lastFailure: null,
    lastVerified: null,
    lastScheduled: null,
    lastProven: null,
    restoreTime: null,
    newestProven: null,
    oldest: null,
    newest: null,
    count: 0,
    size: 0
  }
}
