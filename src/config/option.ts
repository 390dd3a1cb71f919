import { isIP } from 'node:net'
import { z } from 'zod'
import { COMPRESSIONS, type Compression } from '../core/ports/codec.ts'

/** One thing that can be configured: a variable of the environment and, in camel case, a key of holdfast.yaml. */
export interface Option<T> {
  /**
   * A `secret` and a `document` can also be given as the path of a file that holds them; a secret is shown to nobody.
   */
  readonly kind: 'value' | 'path' | 'secret' | 'document'
  readonly variable: string
  readonly schema: z.ZodType<T>
  /** Brings the text of a variable into the type that holdfast.yaml would have; leaves alone what does not fit. */
  readonly fromText: (text: string) => unknown
  /** Completes "expected …". */
  readonly expects: string
  /** How to come by one: completes the remedy. */
  readonly how?: string
  readonly default: T
  /** One line for .env.example. */
  readonly meaning: string
}

/** An option without its name: what a field of a source is, too. */
export type Field<T> = Pick<Option<T>, 'kind' | 'schema' | 'fromText' | 'expects' | 'how'>

const asIs = (text: string): unknown => text

export function whole (min: number, max: number): Field<number> {
  return wholeBy(z.int().min(min).max(max))
}

/** How what a whole number `expects` begins. */
export const WHOLE = 'a whole number'

/** A whole number within the bounds that `schema` has. */
export function wholeBy (schema: z.ZodInt): Field<number> {
  return {
    kind: 'value',
    schema,
    fromText: text => /^-?\d+$/.test(text) ? Number(text) : text,
    expects: `${WHOLE} from ${schema.minValue ?? 0} to ${schema.maxValue ?? Number.MAX_SAFE_INTEGER}`
  }
}

export const flag: Field<boolean> = {
  kind: 'value',
  schema: z.boolean(),
  fromText: text => ({ true: true, false: false })[text.toLowerCase()] ?? text,
  expects: 'true or false'
}

export function choice<const T extends string> (values: readonly T[]): Field<T> {
  return { kind: 'value', schema: z.enum(values), fromText: asIs, expects: `one of ${values.join(', ')}` }
}

/** The runbook knows only yes and no: `true` is gzip, `false` is none. */
export const compression: Field<Compression> = {
  kind: 'value',
  schema: z.preprocess(value => value === true ? 'gzip' : value === false ? 'none' : value, z.enum(COMPRESSIONS)),
  fromText: flag.fromText,
  expects: `one of ${COMPRESSIONS.join(', ')}, true (gzip), false (none)`
}

const PROXY_RANGES = ['loopback', 'linklocal', 'uniquelocal']

/**
 * Whom to believe about the address of a caller: false; how many proxies, where true is one; or which, with commas in
 * between.
 */
export const proxies: Field<false | number | string> = {
  kind: 'value',
  schema: z.union([z.boolean(), z.int().min(0).max(32), z.string(), z.array(z.string())]).transform(
    (value, context) => {
      if (typeof value === 'boolean') return value ? 1 : false
      if (typeof value === 'number') return value === 0 ? false : value
      const parts = (Array.isArray(value) ? value : value.split(',')).map(part => part.trim())
      if (parts.length > 0 && parts.every(isProxy)) return parts.join(',')
      context.addIssue('not a list of proxies')
      return z.NEVER
    }
  ),
  fromText: text => /^\d+$/.test(text) ? Number(text) : flag.fromText(text),
  expects: `true (one proxy), false, the number of proxies, or a list of addresses and ranges such as 10.0.0.0/8, ${
    PROXY_RANGES.join(', ')
  }`
}

function isProxy (text: string): boolean {
  if (PROXY_RANGES.includes(text)) return true
  const [address = '', length, ...more] = text.split('/')
  const bits = isIP(address) === 6 ? 128 : 32
  return isIP(address) !== 0 && !address.includes('%') && more.length === 0 &&
    (length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= bits))
}

export const text: Field<string> = { kind: 'value', schema: z.string().min(1), fromText: asIs, expects: 'a text' }

/** Given relative, it is taken from where it is written: the working directory, or the folder of holdfast.yaml. */
export const path: Field<string> = {
  kind: 'path',
  schema: z.string().min(1).refine(value => !value.includes('\0')),
  fromText: asIs,
  expects: 'the path of a file or directory'
}

/** Between the paths of a list in a variable, as in PATH. */
export const PATHS_APART = ':'

/** A list of paths, or one. */
export const paths: Field<readonly string[]> = {
  kind: 'path',
  schema: z.preprocess(value => typeof value === 'string' ? [value] : value, z.array(path.schema)),
  fromText: text => text.split(PATHS_APART).filter(part => part !== ''),
  expects: `a list of paths, in a variable with "${PATHS_APART}" in between`
}

/** Of a server: without a user, a password or a query. */
export const url: Field<string> = {
  kind: 'value',
  schema: z.string().transform((value, context) => {
    const parsed = URL.parse(value)
    if (
      parsed !== null && ['http:', 'https:'].includes(parsed.protocol) && parsed.username === '' &&
      parsed.password === '' && parsed.search === '' && parsed.hash === ''
    ) {
      return parsed.href.replace(/\/+$/, '')
    }
    context.addIssue('not a URL')
    return z.NEVER
  }),
  fromText: asIs,
  expects: 'a URL such as https://s3.example.net'
}

/** Its value is shown to nobody; each can also be given as the path of a file that holds it. */
export function secret (min: number): Field<string> {
  return {
    kind: 'secret',
    schema: z.string().min(min),
    fromText: asIs,
    expects: min > 1 ? `a text of at least ${min} characters` : 'a text'
  }
}

/** A secret that nobody has to remember, and that programs may guess at for as long as they like. */
export function key (min: number): Field<string> {
  return { ...secret(min), how: 'make one with "openssl rand -hex 32"' }
}

/** Several lines, mostly: given as itself or as the path of a file, and nothing secret. */
export const document: Field<string> = { ...text, kind: 'document' }

/** The same, or a list of its lines. */
export const documentOrList: Field<string> = {
  ...document,
  schema: z.preprocess(value => Array.isArray(value) ? value.join('\n') : value, z.string().min(1)),
  expects: 'a text or a list'
}

/** Whether the option has a variable and a key more, for the file that it is in. */
export function hasFile ({ kind }: Pick<Option<unknown>, 'kind'>): boolean {
  return kind === 'secret' || kind === 'document'
}

export function optional<T> (field: Field<T>): Field<T | undefined> {
  return { ...field, schema: field.schema.optional() }
}

export function option<T> (field: Field<T>, variable: string, value: NoInfer<T>, meaning: string): Option<T> {
  return { ...field, variable, default: value, meaning }
}
