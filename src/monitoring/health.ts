/** How one configured source stands. */
export interface SourceHealth {
  readonly policy: { readonly enabled: boolean, readonly interval: number | null }
  readonly statistics: { readonly lastSuccess: Date | null, readonly lastFailure: Date | null }
}

/** `never`: no backup yet; `failing`: the last one failed; `overdue`: twice its interval has passed without one. */
export type BackupHealth = 'ok' | 'never' | 'overdue' | 'failing'

/** Shown to everybody: figures alone, no name and no path. */
export interface HealthReport {
  /** `degraded`: somebody should look. That nothing can be told at all is `error`, and for the edge to say. */
  readonly status: 'ok' | 'degraded' | 'error'
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
}

/** So many intervals without a backup are too many: one may run late, two do not. */
const OVERDUE_INTERVALS = 2

/** How the service is, from how its sources are. Pure, so that it is as quick as what it is given. */
export function healthReport (sources: readonly SourceHealth[], now: Date): HealthReport {
  const found = sources.map(source => healthOf(source, now))
  const number = (status: BackupHealth): number => found.filter(each => each === status).length
  const worst = (['failing', 'overdue', 'never'] as const).find(status => found.includes(status)) ?? 'ok'
  const lastSuccess = longestAgo(sources.map(source => source.statistics.lastSuccess))
  return {
    status: worst === 'ok' ? 'ok' : 'degraded',
    backup: {
      status: worst,
      lastSuccess,
      ageSeconds: lastSuccess === null ? null : Math.max(0, Math.floor((now.getTime() - lastSuccess.getTime()) / 1000)),
      sources: sources.length,
      never: number('never'),
      overdue: number('overdue'),
      failing: number('failing')
    }
  }
}

function healthOf ({ policy, statistics: { lastSuccess, lastFailure } }: SourceHealth, now: Date): BackupHealth {
  if (lastFailure !== null && (lastSuccess === null || lastFailure > lastSuccess)) return 'failing'
  if (lastSuccess === null) return 'never'
  const overdue = policy.enabled && policy.interval !== null && now.getTime() - lastSuccess.getTime() > OVERDUE_INTERVALS * policy.interval
  return overdue ? 'overdue' : 'ok'
}

function longestAgo (times: readonly (Date | null)[]): Date | null {
  return times.toSorted((a, b) => Number(a) - Number(b))[0] ?? null
}
