import { nearest } from '../core/nearest.ts'
import type { Problem } from './problem.ts'
import type { RawValue } from './raw-value.ts'

export interface MapOrigin {
  /** What stands before each key in a message: `sources[0].`. */
  readonly prefix: string
  /** What a relative path is relative to. */
  readonly base: string
  /** Completes "is not a known key": ` of the kind "sqlite"`. Default: nothing. */
  readonly of?: string
}

/**
 * The keys of a map by their meaning, each one known. `meaningOf` tells the key that is meant by another spelling of
 * it. A key without a value counts as not set.
 */
export function readMap (
  map: object,
  { prefix, base, of = '' }: MapOrigin,
  known: readonly string[],
  problems: Problem[],
  meaningOf = (key: string) => key
): Map<string, RawValue> {
  const given = new Map<string, RawValue>()
  for (const [written, value] of Object.entries(map) as [string, unknown][]) {
    const [name, key] = [prefix + written, meaningOf(written)]
    if (!known.includes(key)) {
      const meant = nearest(key, known)
      problems.push({
        name,
        problem: `is not a known key${of}`,
        remedy: meant === undefined ? `Known keys: ${known.join(', ')}.` : `Did you mean "${meant}"?`
      })
      continue
    }
    const other = given.get(key)
    if (value === null || value === '') continue
    if (other !== undefined) {
      problems.push({ name, problem: `duplicates ${other.name}`, remedy: 'Keep one of the two.' })
    } else given.set(key, { name, value, base, origin: 'file' })
  }
  return given
}

export interface Entry {
  /** `sources[0]`, or `sources.name`. */
  readonly configPath: string
  readonly map: object
}

/**
 * What a list of maps holds, or a map from names to maps: each then has its name in it. `remedy` is for what is no map.
 */
export function readEntries (given: RawValue | undefined, remedy: string, problems: Problem[]): Entry[] {
  if (given === undefined) return []
  const { name: list, value } = given
  const entries = Array.isArray(value)
    ? value.map((map: unknown, index) => ({ configPath: `${list}[${index}]`, map }))
    : isMap(value)
    ? Object.entries(value).map(([name, map]) => ({
      configPath: `${list}.${name}`,
      map: isMap(map) ? { name, ...map } : map as unknown
    }))
    : [{ configPath: list, map: value }]
  return entries.flatMap(({ configPath, map }) => {
    if (isMap(map)) return [{ configPath, map }]
    problems.push({ name: configPath, problem: 'is not a map of fields', remedy })
    return []
  })
}

/** The map that a value is; undefined, and a problem reported, where it is none. */
export function asMap ({ name, value }: RawValue, problems: Problem[]): object | undefined {
  if (isMap(value)) return value
  problems.push({
    name,
    problem: 'is not a map of fields',
    remedy: 'Write its keys below it, each with its value; holdfast.example.yaml has examples.'
  })
  return undefined
}

export function isMap (value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `daily_time`, as other tools write it, is `dailyTime`. */
export function toCamelCase (key: string): string {
  return key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
