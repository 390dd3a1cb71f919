import type { SourceSealing } from '../core/ports/encryption.ts'
import type { SourceKind } from '../core/ports/source-kind.ts'
import type { RetentionRules } from '../core/retention/rules.ts'
import type { SourceOverrides } from '../core/schedule/policy.ts'
import type { Origin } from '../core/schedule/settings.ts'
import { checkGiven } from './checked-value.ts'
import { CHAIN_FIELDS, scheduleFor } from './chain.ts'
import { OFF, splitPatterns } from './cron.ts'
import { readSealing, type KeyOptions } from './encryption.ts'
import type { FileContent, FileSource } from './file.ts'
import { SOURCE_FIELDS, type OptionName, type OptionValues } from './options.ts'
import type { Problem } from './problem.ts'
import { inDays, MIN_BACKUPS, readRetention } from './retention.ts'
import { readSchedule, ruleOfPattern, type Timing } from './schedule.ts'

/** What holds for each source that says nothing of its own about it. */
export interface Inherited {
  readonly timing: Timing
  readonly retention: RetentionRules | undefined
  readonly drillSchedule: string | null
  readonly sealing: SourceSealing
  /** undefined: every store. */
  readonly stores: readonly string[] | undefined
  readonly keepLocal: boolean
  readonly anomalyGuard: boolean
}

export type Origins = Readonly<Record<OptionName, Origin>>

/**
 * `schedule`, `retention` and `localRetention` at the top of holdfast.yaml, with what the environment says laid over
 * them; `automatic` are the stores that take backups by themselves.
 */
export function readInherited (
  options: OptionValues & KeyOptions,
  origins: Origins,
  file: FileContent,
  automatic: readonly string[] | undefined,
  problems: Problem[]
): Inherited {
  const timing = file.schedule === undefined ? {} : readSchedule(file.schedule, problems) ?? {}
  const retention = file.retention && readRetention(file.retention, problems)
  const twice = (name: string, other: string): void => {
    problems.push({ name, problem: `duplicates ${other}`, remedy: 'Keep one of the two.' })
  }

  const { backupSchedule, backupRetentionDays } = options
  if (backupSchedule !== undefined && origins.backupSchedule === 'file' && file.schedule !== undefined) {
    twice('backupSchedule', file.schedule.name)
  }
  if (backupRetentionDays > 0 && origins.backupRetentionDays === 'file' && retention?.within !== undefined) {
    twice('backupRetentionDays', 'retention.within')
  }
  return {
    timing: backupSchedule === undefined
      ? timing
      : { schedule: { rules: splitPatterns(backupSchedule).map(ruleOfPattern), timeZone: 'UTC' } },
    retention: backupRetentionDays === 0
      ? retention
      : { minBackups: MIN_BACKUPS, ...retention, within: inDays(backupRetentionDays) },
    drillSchedule: drillPattern(options.drillSchedule),
    sealing: readSealing(options, problems),
    stores: automatic,
    keepLocal: file.localRetention === undefined ||
      checkGiven(SOURCE_FIELDS.localRetention, file.localRetention, problems) !== 'none',
    anomalyGuard: options.anomalyGuard
  }
}

/** What the source says of itself. */
export function readPolicy ({ fields }: FileSource, problems: Problem[]): SourceOverrides {
  const given = (['enabled', 'interval', 'maxBackups', 'compression', 'verify', 'stores', 'anomalyGuard'] as const)
    .flatMap(key => {
      const field = fields.get(key)
      return field === undefined ? [] : [[key, checkGiven<unknown>(SOURCE_FIELDS[key], field, problems)] as const]
    })
  const chain = (['maxChainLength', 'maxChainAge'] as const).flatMap(key => {
    const field = fields.get(key)
    const value = field && checkGiven(CHAIN_FIELDS[key], field, problems)
    return value === undefined ? [] : [[key, value] as const]
  })
  const [interval, schedule, retention] = [fields.get('interval'), fields.get('schedule'), fields.get('retention')]
  const timing = schedule && readSchedule(schedule, problems)
  if (interval !== undefined && timing?.interval !== undefined) {
    problems.push({
      name: interval.name,
      problem: `duplicates ${schedule?.name ?? ''}.interval`,
      remedy: 'Keep one of the two.'
    })
  }
  const rules = retention && readRetention(retention, problems)
  const drills = fields.get('drillSchedule')
  const times = drills && checkGiven(SOURCE_FIELDS.drillSchedule, drills, problems)
  const local = fields.get('localRetention')
  const kept = local && checkGiven(SOURCE_FIELDS.localRetention, local, problems)
  return {
    ...Object.fromEntries([...given, ...chain]) as SourceOverrides,
    ...kept === undefined ? {} : { keepLocal: kept === 'keep' },
    ...timing,
    ...rules === undefined ? {} : { retention: rules },
    ...times === undefined ? {} : { drillSchedule: drillPattern(times) }
  }
}

function drillPattern (times: string): string | null {
  return times === OFF ? null : times
}

/**
 * A source that has a schedule of its own inherits none, and one that has rules of retention of its own inherits none
 * of those. A kind that makes no increments inherits every rule as one for full backups.
 */
export function inherit (
  kind: SourceKind,
  own: SourceOverrides,
  { timing, retention, drillSchedule, stores, keepLocal, anomalyGuard }: Inherited
): SourceOverrides {
  const saysWhen = own.interval !== undefined || own.schedule !== undefined
  const saysWhatIsKept = own.maxBackups !== undefined || own.retention !== undefined
  return {
    drillSchedule,
    ...stores === undefined ? {} : { stores },
    ...keepLocal ? {} : { keepLocal },
    ...anomalyGuard ? {} : { anomalyGuard },
    ...saysWhen ? {} : timing,
    ...saysWhen || timing.schedule === undefined ? {} : { schedule: scheduleFor(kind, timing.schedule) },
    ...saysWhatIsKept || retention === undefined ? {} : { retention },
    ...own
  }
}
