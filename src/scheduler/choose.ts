import type { Run, RunChanges } from '../core/schedule/run.ts'
import { TIERS } from '../core/tier.ts'

export interface Choice {
  /** To begin now. */
  readonly begin: readonly Run[]
  /** Runs that one of those stands for, too. */
  readonly covered: RunChanges['changed']
}

/**
 * Which of the open runs begin now. One at a time for a source, and none while the source is busy; where several of its
 * rules are due together, one backup is made for all of them, as one of the highest tier, and as a full one if any of
 * the rules asks for that.
 */
export function chooseRuns (open: readonly Run[], isFree: (source: string) => boolean, now: Date): Choice {
  const begin: Run[] = []
  const covered: Array<Choice['covered'][number]> = []
  for (const runs of Map.groupBy(open, ({ kind, source }) => `${kind} ${source ?? ''}`).values()) {
    const chosen = runs.toSorted(byRank)[0]
    if (chosen === undefined || runs.some(({ status }) => status === 'running')) continue
    if (chosen.source !== null && !isFree(chosen.source)) continue
    if (!runs.some(({ nextAttemptAt }) => nextAttemptAt === null || nextAttemptAt <= now)) continue
    begin.push(runs.some(({ method }) => method === 'full') ? { ...chosen, method: 'full' } : chosen)
    const reason = `replaced by the run of "${chosen.rule}" due at ${chosen.dueAt.toISOString()}`
    for (const { id } of runs.filter(run => run !== chosen)) {
      covered.push({ id, status: 'skipped', reason, nextAttemptAt: null, finishedAt: now })
    }
  }
  return { begin, covered }
}

/** Highest tier first, then the newest time. */
function byRank (one: Run, other: Run): number {
  return rank(other) - rank(one) || other.dueAt.getTime() - one.dueAt.getTime() || one.id - other.id
}

function rank ({ tier }: Run): number {
  return tier === null ? -1 : TIERS.indexOf(tier)
}
