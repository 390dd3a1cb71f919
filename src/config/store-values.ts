import { z } from 'zod'
import type { Field } from '../core/ports/field.ts'
import { TIERS, type Tier } from '../core/tier.ts'

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1e3, KI: 2 ** 10, M: 1e6, MI: 2 ** 20, G: 1e9, GI: 2 ** 30 }
const AMOUNT = /^(\d+(?:\.\d+)?)\s*((?:[KMG]I?)?)B?(?:\/S)?$/
/** Less than this a second is a mistake in the unit, and a copy would take weeks. */
const SLOWEST = 1024

/** The names that AWS shows to people, by those that it wants to hear. */
const SPOKEN: Readonly<Record<string, string>> = {
  GLACIER_DEEP_ARCHIVE: 'DEEP_ARCHIVE',
  GLACIER_FLEXIBLE_RETRIEVAL: 'GLACIER',
  GLACIER_INSTANT_RETRIEVAL: 'GLACIER_IR',
  INFREQUENT_ACCESS: 'STANDARD_IA'
}

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
  expects: 'bytes a second, at least 1024, such as 5MB'
}

/** `Standard-IA`, as people write it, is `STANDARD_IA`. */
export const storageClass: Field<string> = {
  kind: 'value',
  schema: z.string().transform((value, context) => {
    const name = value.trim().toUpperCase().replace(/^S3[ _-]/, '').replaceAll(/[ -]+/g, '_')
    if (/^[A-Z][A-Z0-9_]*$/.test(name)) return SPOKEN[name] ?? name
    context.addIssue('not a storage class')
    return z.NEVER
  }),
  fromText: text => text,
  expects: 'the name of a storage class such as STANDARD_IA'
}

export type StorageClasses = Readonly<Partial<Record<Tier | 'default', string>>>

/** One for all, or one for each tier; `default` is that of backups without one. */
export const storageClasses: Field<StorageClasses> = {
  kind: 'value',
  schema: z.union([
    storageClass.schema.transform((name): StorageClasses => ({ default: name })),
    z.partialRecord(z.enum([...TIERS, 'default']), storageClass.schema)
  ]),
  fromText: text => text,
  expects: `${storageClass.expects}, or a map from ${[...TIERS, 'default'].join(', ')} to such names`
}

/** `production/backups` is `production/backups/`, and nothing stays nothing. */
export const prefix: Field<string> = {
  kind: 'value',
  schema: z.string().refine(value =>
    !value.includes('\0') && !value.split('/').some(part => part === '.' || part === '..')
  ).transform(value => {
    const parts = value.split('/').filter(part => part !== '')
    return parts.map(part => `${part}/`).join('')
  }),
  fromText: text => text,
  expects: 'the beginning of names such as production/backups'
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
