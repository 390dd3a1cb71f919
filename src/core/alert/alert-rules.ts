import type { Alert, AlertFacts, AlertFinding, AlertLimits } from './alert.ts'
import { alertsOfService } from './service-alerts.ts'
import { alertsOfSource } from './source-alerts.ts'

/**
 * The rules that hold now, most of all in words that stay the same for as long as nothing changes. `open` are the
 * alerts so far: a disk that has begun to be low must have a little more than the limit free to be well again, and
 * stays as it was while its store cannot tell.
 */
export function findAlerts (
  facts: AlertFacts,
  limits: AlertLimits,
  now: Date,
  open: readonly Alert[]
): readonly AlertFinding[] {
  return [
    ...facts.sources.flatMap(source => alertsOfSource(source, limits, now)),
    ...alertsOfService(facts, limits, now, open)
  ]
}
