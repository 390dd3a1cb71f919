import { resolve } from 'node:path'
import { BackupError } from '../core/errors.ts'
import type { Field } from '../core/ports/field.ts'
import type { StoreKind, StoreUrl, StoreValues } from '../core/ports/store-kind.ts'
import { STORE_KINDS, storeKindOf } from '../stores/index.ts'
import type { StoreConfig, StoreDefaults } from './config.ts'
import { NO_DEFAULTS } from './store-defaults.ts'

const FORMS = STORE_KINDS.map(({ url }) => url.form).join(', ')
const GIVE_A_FORM = `Give it as ${FORMS}.`

/**
 * The store that a URL names, such as `s3://bucket/prefix?endpoint=…`; a text that is no URL is a path, taken from
 * `cwd`. An endpoint that is `http:` on another machine needs `insecure=true`. Credentials come from `defaults` and
 * never from the URL. Throws `VALIDATION_FAILED`.
 */
export function parseStoreUrl (text: string, defaults: StoreDefaults, cwd: string): StoreConfig {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return fromPath(text, cwd)
  const url = URL.parse(text)
  if (url === null) return refuse('this is not the URL of a store')
  if (url.username !== '' || url.password !== '') {
    return refuse(
      'the URL of a store must not contain credentials',
      'Set them in the environment, and remove them from the URL.'
    )
  }
  const kind = STORE_KINDS.find(one => one.url.schemes.some(scheme => `${scheme}:` === url.protocol))
  if (kind === undefined) return refuse(`"${url.protocol}//" is not the scheme of a supported kind of store`)
  requireKnown(url, kind)
  const { values, lacks } = defaults[kind.name] ?? NO_DEFAULTS
  return named(kind, kind.url.parse(taken(url), values), lacks)
}

/** The one way in which the place of a store is written as such a URL: without anything secret. */
export function formatStoreUrl (store: StoreConfig): string {
  return storeKindOf(store).url.format(store.values)
}

function fromPath (text: string, cwd: string): StoreConfig {
  const path = resolve(cwd, text)
  const kind = STORE_KINDS.find(({ url }) => url.fromPath !== undefined)
  if (text === '' || kind?.url.fromPath === undefined) return refuse('this is not the URL of a store')
  return named(kind, kind.url.fromPath(path), [])
}

function named (kind: StoreKind, values: StoreValues, lacks: readonly string[]): StoreConfig {
  if (kind.paths(values).some(({ path }) => path.includes('\0'))) return refuse('this is not the URL of a store')
  return {
    name: kind.url.defaultName ?? kind.name,
    kind: kind.name,
    values,
    retention: null,
    maxBackups: null,
    isAppendOnly: false,
    bandwidth: null,
    ...lacks.length === 0 ? {} : { lacks }
  }
}

function taken (url: URL): StoreUrl {
  return {
    url,
    refuse,
    check,
    parameter: (field, name) => {
      const value = url.searchParams.get(name)
      return value === null ? undefined : check(field, value, `"${name}"`)
    }
  }
}

function requireKnown ({ searchParams }: URL, { url: { parameters } }: StoreKind): void {
  const unknown = parameters && [...searchParams.keys()].find(key => !parameters.includes(key))
  if (parameters === undefined || unknown === undefined) return
  refuse(
    `"${unknown}" is not a parameter of the URL of this kind of store`,
    `Known parameters: ${parameters.join(', ')}; credentials come from the environment.`
  )
}

function check<T> ({ schema, fromText, expects }: Field<T>, value: string, what: string): T {
  const parsed = schema.safeParse(fromText(value))
  return parsed.success ? parsed.data : refuse(`${what} in the URL of the store is not ${expects}`)
}

function refuse (message: string, hint = GIVE_A_FORM, cause?: unknown): never {
  throw new BackupError('VALIDATION_FAILED', message, { hint, cause })
}
