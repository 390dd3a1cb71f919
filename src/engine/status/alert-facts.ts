import { cleanupSignal } from '../../core/cleanup-signal.ts'
import type { AlertFacts, BackupEvidence, ConfigNotice, PruneFacts, SourceFacts } from '../../core/alert/alert.ts'
import { isAutomationUnset } from '../../core/schedule/policy.ts'
import type { Run } from '../../core/schedule/run.ts'
import type { EngineDeps } from '../deps.ts'
import { rulesInForce } from '../retention/deadlines.ts'
import { emptiedLanding, landingTrouble } from '../replication/known-store.ts'
import type { SourceState } from './sources.ts'
import { overLimit } from '../retention/surplus.ts'

/** How late a prune may be before it is overdue. Milliseconds. */
const GRACE = 3_600_000

/** When everything that the rules no longer keep is removed. */
export interface PruneTiming {
  readonly pattern: string
  readonly timeZone: string
}

/** What is known outside of the engine. */
export interface Surroundings {
  /** Names of the sources whose database is not there. */
  readonly missing: ReadonlySet<string>
  readonly notices: readonly ConfigNotice[]
  /** The service's own catalog, which nobody has to switch on. */
  readonly ownSource: string
}

/** What the rules of the alerts ask of these sources, and of the prune of them all. Rejects as the catalog does. */
export async function alertFacts (
  deps: EngineDeps,
  states: readonly SourceState[],
  prune: PruneTiming,
  { missing, notices, ownSource }: Surroundings
): Promise<Omit<AlertFacts, 'store' | 'catalogDamage'>> {
  // Asked here, so that an alert comes and goes without a backup having to be tried.
  const landing = await landingTrouble(deps, cleanupSignal()) ?? await emptiedLanding(deps, cleanupSignal())
  const sources: SourceFacts[] = []
  const waiting = await deps.catalog.copies.waiting()
  const pendingHooks = await deps.catalog.hooks.pending()
  const copiesOf = (name: string): SourceFacts['copies'] =>
    waiting.filter(({ source }) => source === name).map(({ source: _, ...copies }) => copies)
  const keys = deps.keyring.keys.flatMap(({ id, isInUse, expiresAt }) =>
    isInUse && expiresAt !== undefined ? [{ id, expiresAt }] : []
  )
  const settings = deps.settings.report()
  for (const { name, freshSince, provenSince } of states) {
    const isUnset = name !== ownSource && isAutomationUnset(settings, deps.sources.get(name)?.policy ?? {})
    sources.push({
      name,
      freshSince,
      provenSince,
      isAutomationUnset: isUnset,
      isMissing: missing.has(name),
      drills: await deps.catalog.restores.drillEvidence(name),
      copies: copiesOf(name),
      hookError: pendingHooks.find(({ source }) => source === name)?.error ?? null,
      overLimit: await overLimitOf(deps, name),
      ...await evidenceOf(deps, name)
    })
  }
  const refused = [
    ...landing === undefined ? [] : [landing],
    ...deps.ownership.troubles.filter(({ code, details }) =>
      (code === 'STORE_FOREIGN' || details?.['known'] !== undefined) && details?.['store'] !== deps.store.name
    )
  ]
  return { sources, prune: await pruneFacts(deps, prune), refused, notices, keys }
}

/** The backups of a set are also those of a member that has no schedule of its own. */
async function evidenceOf ({ catalog, sources }: EngineDeps, name: string): Promise<BackupEvidence> {
  const own = await catalog.alerts.evidence(name)
  const set = sources.get(name)?.policy.coveredBy
  if (set === undefined) return own
  const { newestGood } = await catalog.alerts.evidence(set)
  const isNewer = newestGood !== null && (own.newestGood === null || newestGood > own.newestGood)
  return isNewer ? { ...own, newestGood } : own
}

async function overLimitOf (deps: EngineDeps, name: string): Promise<SourceFacts['overLimit']> {
  const chosen = deps.sources.get(name)
  return chosen === undefined ? null : await overLimit(deps, chosen)
}

/** How the scheduled prune stands. One made by hand is none of it: it may have been of one source alone. */
export async function pruneFacts (deps: EngineDeps, { pattern, timeZone }: PruneTiming): Promise<PruneFacts> {
  const { catalog, calendar, clock } = deps
  const last = async (status: Run['status']): Promise<Run | undefined> =>
    (await catalog.runs.list({ kind: 'prune', status, limit: 1 })).runs[0]
  const done = await last('done')
  const failed = await last('failed')
  const due = calendar.previous(pattern, timeZone, new Date(clock.now().getTime() - GRACE))
  // Before the rule was written down nothing was due by it.
  const since = (await rulesInForce(deps)).since({ kind: 'prune', source: null, rule: 'prune' })
  return {
    lastDone: done?.finishedAt ?? null,
    freshSince: due !== null && since !== undefined && since <= due ? due : null,
    failure: failed !== undefined && failed.id > (done?.id ?? 0)
      ? { code: failed.errorCode, reason: failed.reason ?? 'no reason was recorded' }
      : null
  }
}
