import { isAutomationUnset, policyOf } from '../core/schedule/policy.ts'
import type { Config } from './config.ts'
import { OWN_SOURCE } from './sources.ts'

export interface StartWarning {
  readonly facts: object
  readonly message: string
}

/**
 * What is worth a line in the log at the start although the service can work: the same as in `GET /api/alerts`, before
 * a minute is over.
 */
export function startWarnings (
  config: Config,
  report: Pick<Config, 'settings' | 'origins'>,
  missing: ReadonlySet<string>
): readonly StartWarning[] {
  const named = config.sources.filter(({ name }) => name !== OWN_SOURCE)
  const idle = config.sources.filter(({ policy }) =>
    policy.enabled === undefined && policy.schedule !== undefined && !policyOf(report.settings, policy).enabled
  ).map(({ name }) => name)
  const off = named.filter(({ name, policy }) => isAutomationUnset(report, policy) && !idle.includes(name)).map(
    ({ name }) => name
  )
  const about = (sources: readonly string[], message: string): StartWarning[] =>
    sources.length === 0 ? [] : [{ facts: { sources }, message }]
  return [
    ...config.notices.map(({ name, problem, remedy }) => ({
      facts: { setting: name },
      message: `${name} ${problem}: ${remedy}`
    })),
    ...named.length > 0
      ? []
      : [{
        facts: {},
        message:
          'no database is configured: the service protects only its own catalog; set DATABASE_PATH or HOLDFAST_CONFIG'
      }],
    ...about(
      named.flatMap(({ name }) => missing.has(name) ? [name] : []),
      'the database does not exist: backups will fail; correct its path, or mount its disk'
    ),
    ...about(
      idle,
      'a schedule is set, but automatic backups are off; set AUTO_BACKUP_ENABLED=true'
    ),
    ...about(
      off,
      'automatic backups are off by default: set AUTO_BACKUP_ENABLED=true, or false if another tool starts the backups'
    )
  ]
}
