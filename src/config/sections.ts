import { resolve } from 'node:path'
import type { z } from 'zod'
import { kindIn, WHOLE, type FileContent } from './file.ts'
import { readEntries, readMap, toCamelCase } from './raw-map.ts'
import type { RawValue } from './raw-value.ts'
import { secretsOf, STORE_FIELDS, STORE_KINDS, storeKeys, type StoreKind } from './store-fields.ts'

export type Json = z.infer<ReturnType<typeof z.json>>

/** What holdfast.yaml says beside the options. */
export const SECTIONS = ['sources', 'defaultSource', ...WHOLE] as const
export type Section = typeof SECTIONS[number]

/** The key under which a recorded store names the secrets that it has as themselves, and that the record leaves out. */
export const WITHHELD = 'withheld'

/**
 * The sections in a form that can be compared and recorded: paths absolute, stores as a list with canonical keys, no
 * secret.
 */
export function sectionsOf (file: FileContent): Partial<Record<Section, Json>> {
  const sections: Partial<Record<Section, Json>> = {}
  if (file.sources.length > 0) {
    sections.sources = file.sources.map(({ kind, fields }) =>
      Object.fromEntries(
        [...fields].map(([key, { value, base }]) => [
          key,
          kind.fields[key]?.kind === 'path' ? absolute(value, base) : value as Json
        ])
      )
    )
  }
  for (const name of SECTIONS) {
    const given = name === 'sources' ? undefined : file[name]
    if (given !== undefined) sections[name] = sectionOf(name, given)
  }
  return sections
}

/** The recorded sections in place of those that `file` leaves out. */
export function withSections (file: FileContent, sections: Partial<Record<Section, Json>>): FileContent {
  const given = (name: Section): RawValue | undefined =>
    sections[name] === undefined ? undefined : { name, value: sections[name], base: '/', origin: 'server' }
  const missing = SECTIONS.filter(name => name !== 'sources' && file[name] === undefined).map(
    name => [name, given(name)]
  )
  const sources = file.sources.length > 0
    ? file.sources
    : readEntries(given('sources'), '', []).map(({ configPath, map }) => ({
      configPath,
      kind: kindIn(map),
      fields: new Map(
        Object.entries(map).map(
          ([key, value]: [string, unknown]): [string, RawValue] => [key, {
            name: `${configPath}.${key}`,
            value,
            base: '/',
            origin: 'server'
          }]
        )
      )
    }))
  return { ...file, ...Object.fromEntries(missing) as Partial<FileContent>, sources }
}

function sectionOf (name: Section, given: RawValue): Json {
  if (name === 's3') {
    return typeof given.value === 'object' && given.value !== null
      ? storeOf(given.value, 's3', given.base)
      : given.value as Json
  }
  if (name === 'stores') return readEntries(given, '', []).map(({ map }) => storeOf(map, undefined, given.base))
  return given.value as Json
}

/** A store by the meaning of its keys. What is wrong with it is reported elsewhere. */
function storeOf (map: object, kind: StoreKind | undefined, base: string): Json {
  const written = map as Readonly<Record<string, unknown>>
  const known = kind ?? STORE_KINDS.find(one => one === (written.kind ?? written.name))
  if (known === undefined) return written as Json
  const secrets = secretsOf(known)
  const fields = readMap(map, { prefix: '', base }, storeKeys(known), [], toCamelCase)
  const table: Readonly<Record<string, { readonly kind: string }>> = STORE_FIELDS[known]
  const paths = [...Object.keys(table).filter(key => table[key]?.kind === 'path'), ...secrets.map(key => `${key}File`)]
  const shown = [...fields].filter(([key]) => !secrets.includes(key)).map(
    ([key, { value }]): [string, Json] => [key, paths.includes(key) ? absolute(value, base) : value as Json]
  )
  const withheld = [...fields.keys()].filter(key => secrets.includes(key)).toSorted()
  return { ...Object.fromEntries(shown), kind: known, ...withheld.length === 0 ? {} : { [WITHHELD]: withheld } }
}

function absolute (path: unknown, base: string): Json {
  return typeof path === 'string' ? resolve(base, path) : path as Json
}
