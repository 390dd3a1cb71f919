import { parseDuration } from '../core/duration.ts'
import type { FileContent } from './file.ts'
import type { Problem } from './problem.ts'
import { isMap, toCamelCase } from './raw-map.ts'
import type { RawValue } from './raw-value.ts'

/** A notice for each retention time of holdfast.yaml that has `m` for months: everywhere else `m` means minutes. */
export function deprecatedMonths (file: FileContent): Problem[] {
  const given = (values: ReadonlyArray<RawValue | undefined>): RawValue[] => values.flatMap(value => value ?? [])
  const stores = given([file.stores, ...file.blocks.values()])
  const sources = given(file.sources.map(({ fields }) => fields.get('retention')))
  return [
    ...given([file.retention]).flatMap(({ name, value }) => inRules(name, value)),
    ...stores.flatMap(({ name, value }) => inStores(name, value)),
    ...sources.flatMap(({ name, value }) => inRules(name, value))
  ]
}

function inStores (name: string, value: unknown): Problem[] {
  if (Array.isArray(value)) return value.flatMap((store: unknown, index) => inStores(`${name}[${index}]`, store))
  if (!isMap(value)) return []
  return Object.entries(value).flatMap(([key, below]: [string, unknown]) =>
    toCamelCase(key) === 'retention' ? inRules(`${name}.${key}`, below) : inStores(`${name}.${key}`, below)
  )
}

function inRules (name: string, rules: unknown): Problem[] {
  if (!isMap(rules)) return []
  return Object.entries(rules).flatMap(([key, text]: [string, unknown]) => {
    if (typeof text !== 'string' || !/\dm(?!o)/.test(text) || !isDuration(text)) return []
    return [{
      name: `${name}.${key}`,
      problem: `is "${text}", in which "m" for months is deprecated`,
      remedy: `Write "${text.replace(/(\d)m(?!o)/, '$1mo')}".`
    }]
  })
}

function isDuration (text: string): boolean {
  try {
    parseDuration(text)
    return true
  } catch {
    return false
  }
}
