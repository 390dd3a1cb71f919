import { printableJson } from '../core/printable.ts'
import type { Hooks } from '../core/hooks.ts'
import { boundInWords, type Assertion } from '../core/restore/drill.ts'
import type { RetentionRules } from '../core/retention/rules.ts'
import { policyOf, type SourceOverrides } from '../core/schedule/policy.ts'
import type { Origin, Settings, SettingsReport } from '../core/schedule/settings.ts'
import { chainsInWords, copiesInWords, drillsInWords, retentionInWords, scheduleInWords } from './policy-words.ts'
import { asTyped } from './as-typed.ts'
import type { Screen } from './screen.ts'
import { wrap } from './text.ts'
import { inSize } from '../core/size.ts'

/** What the configuration comes to. Secrets are masked. */
export type ConfigReport =
  | { readonly ok: false, readonly problems: readonly Problem[], readonly text: string }
  | ConfigInForce

export interface ConfigInForce {
  readonly ok: true
  readonly file: string | undefined
  readonly inForce: readonly Entry[]
  readonly settings: Settings
  readonly sources: readonly ConfiguredSource[]
  readonly defaultSource: string
  readonly stores: readonly ConfiguredStore[]
  /** Settings that have no effect. */
  readonly notices: readonly Problem[]
}

interface Problem {
  readonly name: string
  readonly problem: string
  readonly remedy: string
}
interface Entry {
  readonly key: string
  readonly variable: string
  readonly value: string | number | boolean | null
  readonly origin: Origin
}

interface ConfiguredSource {
  readonly name: string
  readonly kind: string
  /** Where it is, for people. */
  readonly place: string
  readonly policy: SourceOverrides
  readonly assertions: readonly Assertion[]
  readonly hooks: Hooks
}

interface ConfiguredStore {
  readonly name: string
  readonly kind: string
  /** Where it is, without anything secret. */
  readonly place: string
  readonly retention: RetentionRules | null
  readonly maxBackups: number | null
  readonly isAppendOnly: boolean
  /** Bytes a second. */
  readonly bandwidth: number | null
}

/** The same with what was changed through the API laid over it. */
export function withChanges (report: ConfigInForce, { settings, origins }: SettingsReport): ConfigInForce {
  const known = (key: string): key is keyof Settings => Object.hasOwn(settings, key)
  const inForce = report.inForce.map(entry =>
    known(entry.key) ? { ...entry, value: settings[entry.key], origin: origins[entry.key] } : entry
  )
  return { ...report, settings, inForce }
}

export function reportAsJson (report: ConfigReport): string {
  const shown = report.ok
    ? {
      ok: true,
      file: report.file ?? null,
      config: report.inForce,
      sources: report.sources.map(({ place, ...source }) => source),
      defaultSource: report.defaultSource,
      stores: report.stores,
      notices: report.notices
    }
    : { ok: false, problems: report.problems }
  return `${printableJson(JSON.stringify(shown, undefined, 2))}\n`
}

/** One setting a line, then each source with its schedule and its retention in words, and each store. */
export function reportAsText (report: ConfigReport, screen: Pick<Screen, 'width' | 'command'>): string {
  return asTyped(asText(report, screen), screen.command)
}

function asText (report: ConfigReport, { width: available }: Pick<Screen, 'width'>): string {
  if (!report.ok) return `${report.text}\n`
  const width = Math.max(...report.inForce.map(({ variable }) => variable.length))
  const settings = report.inForce.map(({ variable, value, origin }) =>
    `${variable.padEnd(width)}  ${value ?? '(not set)'}  [${origin}]`
  )
  const sources = report.sources.flatMap(
    source => [...describe(source, report).map(line => wrap(line, available, 4)), '']
  )
  const stores = report.stores.flatMap(store => [...describeStore(store).map(line => wrap(line, available, 4)), ''])
  const notices = report.notices.flatMap(({ name, problem, remedy }) => [`! ${name} ${problem}`, `    ${remedy}`])
  const read = report.file === undefined ? '' : `; ${report.file} was read`
  return [`the configuration is valid${read}`, ...notices, '', ...settings, '', ...sources, ...stores].join('\n')
}

function describe (
  { name, kind, place, policy, assertions, hooks }: ConfiguredSource,
  { settings, defaultSource, stores }: ConfigInForce
): string[] {
  const inForce = policyOf(settings, policy)
  const chains = chainsInWords(inForce)
  return [
    `source ${name} (${kind})${name === defaultSource ? ', the default' : ''}: ${place}`,
    `  schedule: ${scheduleInWords(inForce)}`,
    ...chains === null ? [] : [`  chains: ${chains}`],
    `  retention: ${retentionInWords(inForce)}`,
    `  compression: ${inForce.compression}; ${inForce.verify ? 'verified after each backup' : 'not verified'}`,
    `  drills: ${drillsInWords(inForce)}`,
    ...stores.length === 0 ? [] : [`  copies: ${copiesInWords(inForce, stores.map(store => store.name))}`],
    ...assertions.map(assertion => `  asserted: ${assertion.name}: ${boundInWords(assertion)}`),
    ...hooks.before.map(command => `  before: ${command.join(' ')}`),
    ...hooks.after.map(command => `  after: ${command.join(' ')}`)
  ]
}

function describeStore ({ name, kind, place, retention, maxBackups, isAppendOnly, bandwidth }:
  ConfiguredStore): string[] {
  const kept = isAppendOnly
    ? 'as long as the store keeps them; Holdfast removes nothing there'
    : retention === null && maxBackups === null
    ? 'like the backups in BACKUP_DIR'
    : retentionInWords({ retention, maxBackups })
  return [
    `store ${name} (${kind}): ${place}`,
    `  retention: ${kept}`,
    ...bandwidth === null ? [] : [`  at most ${inSize(bandwidth)} per second`]
  ]
}
