import { z } from 'zod'
import type { Field } from '../core/ports/field.ts'

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1e3, KI: 2 ** 10, M: 1e6, MI: 2 ** 20, G: 1e9, GI: 2 ** 30 }
const AMOUNT = /^(\d+(?:\.\d+)?)\s*((?:[KMG]I?)?)B?(?:\/S)?$/
/** Less than this a second is a mistake in the unit, and a copy would take weeks. */
const SLOWEST = 1024

/** Bytes a second. */
export const bandwidth: Field<number> = {
  kind: 'value',
  schema: z.union([z.int().min(SLOWEST), z.string()]).transform((value, context) => {
    const bytes = typeof value === 'number' ? value : inBytes(value)
    if (bytes !== undefined && bytes >= SLOWEST) return bytes
    context.addIssue('not a number of bytes')
    return z.NEVER
  }),
  fromText: text => text,
  expects: 'bytes per second, at least 1024, such as 5MB'
}

/** A list of names, or one. */
export const names: Field<readonly string[]> = {
  kind: 'value',
  schema: z.preprocess(value => typeof value === 'string' ? [value] : value, z.array(z.string().min(1))),
  fromText: text => text,
  expects: 'a list of names'
}

function inBytes (text: string): number | undefined {
  const [, amount, unit = ''] = AMOUNT.exec(text.trim().toUpperCase()) ?? []
  return amount === undefined ? undefined : Math.round(Number(amount) * (UNITS[unit] ?? 1))
}
