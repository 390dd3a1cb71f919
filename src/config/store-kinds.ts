import type { Fields } from '../core/ports/field.ts'
import type { GivenFields } from '../core/ports/store-kind.ts'
import type { StoreConfig, StoreDefaults } from './config.ts'
import type { GivenStore } from './given-stores.ts'
import type { Problem } from './problem.ts'
import { NO_DEFAULTS } from './store-defaults.ts'
import { checkFields, secretsOf } from './store-fields.ts'
import { optionsOf } from './store-options.ts'

export type Common = Pick<StoreConfig, 'name' | 'retention' | 'maxBackups' | 'isAppendOnly' | 'bandwidth'>

/** The store with what its kind needs; undefined, and problems reported, where that is missing. */
export function makeStoreConfig (
  given: GivenStore,
  common: Common,
  defaults: StoreDefaults,
  problems: Problem[]
): StoreConfig | undefined {
  const { kind, fields } = given
  const byDefault = defaults[kind.name] ?? NO_DEFAULTS
  const lacks = given.lacks.length > 0 || hasSecrets(given) ? given.lacks : byDefault.lacks
  const values = checkFields(kind.fields, fields, problems)
  const found = kind.validate({
    values,
    isGiven: field => fields.has(field),
    hasRetention: common.retention !== null,
    lacksSecrets: given.lacks.length > 0,
    setting: settingIn(given)
  })
  problems.push(...found.map(({ field, ...problem }) => ({ name: nameOf(given, field), ...problem })))
  const completed = kind.complete(values, byDefault.values, lacks.length > 0)
  const missing = Object.entries<string | undefined>(kind.required).flatMap(([field, remedy]) =>
    remedy !== undefined && completed[field] === undefined ? [{ field, remedy }] : []
  )
  for (const { field, remedy } of missing) requireField(given, field, remedy, problems)
  if (missing.length > 0) return undefined
  return { ...common, ...lacks.length === 0 ? {} : { lacks }, kind: kind.name, values: completed }
}

/** Whether it brings credentials of its own, so that those for all stores of the kind are not its. */
export function hasSecrets ({ kind, fields }: Pick<GivenStore, 'kind' | 'fields'>): boolean {
  return secretsOf(kind).some(key => fields.has(key))
}

/** By its variable where variables alone describe the store, otherwise by its key. */
function settingIn ({ configPath, kind }: GivenStore): GivenFields<Fields>['setting'] {
  const settings = optionsOf(kind).map(({ option }) => option).filter(({ field }) => field !== undefined)
  const isByVariables = settings[0]?.variable === configPath
  return (field, value) => {
    const variable = isByVariables ? settings.find(one => one.field === field)?.variable : undefined
    return variable === undefined ? `"${field}: ${value}"` : `${variable}=${value}`
  }
}

/** Only that it is there: what was given, and is wrong, has been reported already. */
function requireField ({ configPath, fields }: GivenStore, key: string, remedy: string, problems: Problem[]): void {
  if (!fields.has(key)) problems.push({ name: `${configPath}.${key}`, problem: 'is missing', remedy })
}

/** The place of a field, for messages. */
export function nameOf ({ configPath, fields }: Pick<GivenStore, 'configPath' | 'fields'>, key: string): string {
  return fields.get(key)?.name ?? `${configPath}.${key}`
}
