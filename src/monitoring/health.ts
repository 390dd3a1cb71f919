import type { Alert, AlertRule } from '../core/alert/alert.ts'

/** How one configured source stands. */
export interface SourceHealth {
  /** A backup started at or after this must exist; null: nothing is asked. */
  readonly freshSince: Date | null
  readonly statistics: {
    readonly lastSuccess: Date | null
    readonly lastFailure: Date | null
    readonly newest: Date | null
  }
}

/** `never`: no backup yet; `failing`: the last one failed; `overdue`: its schedule asks for a newer one. */
export type BackupHealth = 'ok' | 'never' | 'overdue' | 'failing'

/** Shown to everybody: figures and names of rules alone, no name of a source and no path. */
export interface HealthReport {
  /** `degraded`: somebody should look. That nothing can be told at all is for the edge to say. */
  readonly status: 'ok' | 'degraded'
  readonly backup: {
    /** That of the source that is worst off. */
    readonly status: BackupHealth
    /** Of the source whose last success is the longest ago; null: one of them has none. */
    readonly lastSuccess: Date | null
    readonly ageSeconds: number | null
    readonly sources: number
    readonly never: number
    readonly overdue: number
    readonly failing: number
  }
  /** Those that are open. */
  readonly alerts: {
    readonly critical: number
    readonly warning: number
    /** What they are about, each rule once, in the order of names. */
    readonly rules: readonly AlertRule[]
  }
}

/**
 * How the service is, from how its sources are and from the alerts that are open. Pure, so that it is as quick as what
 * it is given.
 */
export function healthReport (
  sources: readonly SourceHealth[],
  alerts: readonly Pick<Alert, 'rule' | 'severity'>[],
  now: Date
): HealthReport {
  const found = sources.map(healthOf)
  const number = (status: BackupHealth): number => found.filter(each => each === status).length
  const worst = (['failing', 'overdue', 'never'] as const).find(status => found.includes(status)) ?? 'ok'
  const lastSuccess = longestAgo(sources.map(source => source.statistics.lastSuccess))
  return {
    status: worst === 'ok' && alerts.length === 0 ? 'ok' : 'degraded',
    backup: {
      status: worst,
      lastSuccess,
      ageSeconds: lastSuccess === null ? null : Math.max(0, Math.floor((now.getTime() - lastSuccess.getTime()) / 1000)),
      sources: sources.length,
      never: number('never'),
      overdue: number('overdue'),
      failing: number('failing')
    },
    alerts: {
      critical: alerts.filter(({ severity }) => severity === 'critical').length,
      warning: alerts.filter(({ severity }) => severity === 'warning').length,
      rules: [...new Set(alerts.map(({ rule }) => rule))].toSorted()
    }
  }
}

function healthOf ({ freshSince, statistics: { lastSuccess, lastFailure, newest } }: SourceHealth): BackupHealth {
  if (lastFailure !== null && (lastSuccess === null || lastFailure > lastSuccess)) return 'failing'
  if (lastSuccess === null) return 'never'
  return freshSince !== null && (newest === null || newest < freshSince) ? 'overdue' : 'ok'
}

function longestAgo (times: readonly (Date | null)[]): Date | null {
  return times.toSorted((a, b) => Number(a) - Number(b))[0] ?? null
}
