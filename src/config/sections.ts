import { resolve } from 'node:path'
import type { z } from 'zod'
import type { Field } from '../core/ports/field.ts'
import type { StoreKind } from '../core/ports/store-kind.ts'
import { STORE_KINDS } from '../stores/index.ts'
import { BLOCKS, kindIn, WHOLE, type FileContent, type StoreBlock } from './file.ts'
import { readEntries, readMap, toCamelCase } from './raw-map.ts'
import type { RawValue } from './raw-value.ts'
import { pathsOf, secretsOf, storeKeys } from './store-fields.ts'

export type Json = z.infer<ReturnType<typeof z.json>>

/** What holdfast.yaml says beside the options. */
export const SECTIONS = ['sources', 'defaultSource', ...WHOLE, ...BLOCKS] as const
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
        [...fields].flatMap(([key, { value, base }]) => {
          const recorded = recordedField(kind.fields[key], value, base)
          return recorded === undefined ? [] : [[key, recorded]]
        })
      )
    )
  }
  for (const name of SECTIONS) {
    const given = name === 'sources' ? undefined : isBlock(name) ? file.blocks.get(name) : file[name]
    if (given !== undefined) sections[name] = sectionOf(name, given)
  }
  return sections
}

/** The recorded sections in place of those that `file` leaves out. */
export function withSections (file: FileContent, sections: Partial<Record<Section, Json>>): FileContent {
  const given = (name: Section): RawValue | undefined =>
    sections[name] === undefined ? undefined : { name, value: sections[name], base: '/', origin: 'server' }
  const missing = SECTIONS.filter(name => name !== 'sources' && !isBlock(name) && file[name] === undefined).map(
    name => [name, given(name)]
  )
  const blocks = BLOCKS.flatMap((name): Array<[string, RawValue]> => {
    const block = file.blocks.get(name) ?? given(name)
    return block === undefined ? [] : [[name, block]]
  })
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
  return { ...file, ...Object.fromEntries(missing) as Partial<FileContent>, blocks: new Map(blocks), sources }
}

function isBlock (name: Section): name is StoreBlock {
  return (BLOCKS as readonly Section[]).includes(name)
}

function sectionOf (name: Section, given: RawValue): Json {
  if (isBlock(name)) {
    return typeof given.value === 'object' && given.value !== null
      ? storeOf(given.value, kindNamed(name), given.base)
      : given.value as Json
  }
  if (name === 'stores') {
    return readEntries(given, '', []).map(({ map }) => {
      const { kind, name } = map as Readonly<Record<string, unknown>>
      return storeOf(map, kindNamed(kind ?? name), given.base)
    })
  }
  return given.value as Json
}

function kindNamed (name: unknown): StoreKind | undefined {
  return STORE_KINDS.find(kind => kind.name === name)
}

/** A store by the meaning of its keys. What is wrong with it is reported elsewhere. */
function storeOf (map: object, kind: StoreKind | undefined, base: string): Json {
  if (kind === undefined) return map as Json
  const [secrets, paths] = [secretsOf(kind), pathsOf(kind)]
  const fields = readMap(map, { prefix: '', base }, storeKeys(kind), [], toCamelCase)
  const shown = [...fields].filter(([key]) => !secrets.includes(key)).map(
    ([key, { value }]): [string, Json] => [key, paths.includes(key) ? absolute(value, base) : value as Json]
  )
  const withheld = [...fields.keys()].filter(key => secrets.includes(key)).toSorted()
  return { ...Object.fromEntries(shown), kind: kind.name, ...withheld.length === 0 ? {} : { [WITHHELD]: withheld } }
}

/** undefined: a secret, or nothing that is valid. */
function recordedField (field: Field<unknown> | undefined, value: unknown, base: string): Json | undefined {
  if (field?.kind === 'secret') return field.withoutSecret?.(value)
  return field?.kind === 'path' ? absolute(value, base) : value as Json
}

function absolute (path: unknown, base: string): Json {
  if (Array.isArray(path)) return path.map(one => absolute(one, base))
  return typeof path === 'string' ? resolve(base, path) : path as Json
}
