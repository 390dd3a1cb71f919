import type { Restore } from '../../core/restore/restore.ts'
import type { EngineDeps } from '../deps.ts'
import { requireSource } from '../require-source.ts'
import { serviceStatistics, type SourceState } from './sources.ts'

export interface EvidenceQuery {
  /** Default: every source. */
  readonly source?: string | undefined
  /** Default: 90 days before `until`. */
  readonly since?: Date | undefined
  /** Default: now. */
  readonly until?: Date | undefined
}

/** What was drilled in a span of time: the evidence that backups restore. */
export interface EvidenceOfDrills {
  readonly madeAt: Date
  readonly since: Date
  readonly until: Date
  /** How each source that is asked for stands now. */
  readonly states: readonly SourceState[]
  /** Every drill begun in the span, newest first, also of sources that are no longer configured. */
  readonly drills: readonly Restore[]
}

/** Drills that are read at once. */
const PAGE = 500
/** What is looked at where nothing is said: 90 days. Milliseconds. */
const SPAN = 90 * 86_400_000

/** Rejects with `SOURCE_NOT_FOUND` for a source that is not configured. */
export async function drillEvidence (
  deps: EngineDeps,
  { source, since, until }: EvidenceQuery
): Promise<EvidenceOfDrills> {
  if (source !== undefined) requireSource(deps, source)
  const madeAt = deps.clock.now()
  const to = until ?? madeAt
  const from = since ?? new Date(to.getTime() - SPAN)
  const { states } = await serviceStatistics(deps)
  const drills: Restore[] = []
  let before: number | undefined
  do {
    const page = await deps.catalog.restores.list({ kind: 'drill', source, since: from, until, limit: PAGE, before })
    drills.push(...page.restores)
    before = page.next ?? undefined
  } while (before !== undefined)
  return {
    madeAt,
    since: from,
    until: to,
    states: states.filter(({ name }) => source === undefined || name === source),
    drills
  }
}
