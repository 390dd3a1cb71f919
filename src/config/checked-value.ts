import { resolve } from 'node:path'
import { WHOLE, type Field } from '../core/ports/field.ts'
import { misreading } from './misread.ts'
import type { Problem } from './problem.ts'
import type { RawValue } from './raw-value.ts'

/** The value checked, with a path made absolute; undefined, and a problem reported, where it does not fit. */
export function checkGiven<T> (field: Field<T>, given: RawValue, problems: Problem[]): T | undefined {
  const misread = field.hasQuotes === true ? undefined : misreading(given, field.kind)
  if (misread !== undefined) {
    problems.push({ name: given.name, ...misread })
    return undefined
  }
  const parsed = field.schema.safeParse(given.value)
  if (!parsed.success) {
    problems.push({
      name: given.name,
      problem: field.refusal?.(given.value) ??
        (field.kind === 'secret' ? `is not ${field.expects}` : `${show(given.value)} is not ${field.expects}`),
      remedy: isFigure(given.value, field)
        ? `Give ${field.expects}, as digits only: no quotes, no unit, no separators.`
        : `Give ${field.expects}${field.how === undefined ? '' : ` (${field.how})`}, or remove the setting.`
    })
    return undefined
  }
  if (field.kind !== 'path') return parsed.data
  if (Array.isArray(parsed.data)) return parsed.data.map(one => resolve(given.base, String(one))) as T
  if (typeof parsed.data !== 'string') return parsed.data
  return resolve(given.base, parsed.data) as T
}

/** Whether a number was meant, written in another way: `24h`, `1_000`, `"5"` in quotes. */
function isFigure (value: unknown, field: Field<unknown>): boolean {
  return typeof value === 'string' && field.expects.startsWith(WHOLE) && /^[+-]?\d[\d_.,' e+]*\s*[a-zµ%]*$/i.test(value)
}

/** A value as it goes into a message: short, in quotes where it is text. */
function show (value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return `"${text.length > 80 ? `${text.slice(0, 80)}…` : text}"`
}
