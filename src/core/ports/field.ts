import { z } from 'zod'
import { Secret } from '../secret.ts'

/**
 * One value that can be configured, and its check: what a setting of the service, a field of a source and a field of a
 * store are, wherever it is written.
 */
export interface Field<T> {
  /**
   * A relative `path` is taken from where it is written. A `secret` and a `document` can also be given as the path of a
   * file that holds them; a secret is shown to nobody.
   */
  readonly kind: 'value' | 'path' | 'secret' | 'document'
  readonly schema: z.ZodType<T>
  /** Brings the text of a variable into the type that holdfast.yaml would have; leaves alone what does not fit. */
  readonly fromText: (text: string) => unknown
  /** Completes "expected …". */
  readonly expects: string
  /** How to come by one: completes the remedy. */
  readonly how?: string
  /** Whether quotes may be a part of its values, and not left over from another syntax. Default: they are not. */
  readonly hasQuotes?: boolean
  /**
   * What is wrong with a value that the schema refuses, without any secret in it: completes the name of the field.
   * Default: `is not …` with `expects`.
   */
  readonly refusal?: (value: unknown) => string
  /**
   * Of a secret that has a part which is none: the value without its secret, as the service records it for commands,
   * and as it is shown. Takes the value before and after its check. undefined: it is not valid. Default: nothing of it
   * is recorded or shown.
   */
  readonly withoutSecret?: (value: unknown) => string | undefined
}

/** Fields by their keys in holdfast.yaml. */
export type Fields = Readonly<Record<string, Field<unknown>>>

/** What fields hold, checked; undefined: it was not given, or refused. */
export type FieldValues<F extends Fields> = {
  readonly [K in keyof F]?: F[K] extends Field<infer T> ? T | undefined : never
}

/** What is wrong with a field, which only it and others together show. */
export interface FieldProblem<Name extends string = string> {
  readonly field: Name
  /** Completes the name of the field: `is given without …`. */
  readonly problem: string
  readonly remedy: string
}

/** One setting of the service: a variable of the environment and, in camel case, a key of holdfast.yaml. */
export interface Option<T> extends Field<T> {
  readonly variable: string
  readonly default: T
  /** One line for .env.example. */
  readonly meaning: string
}

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

/** A secret that is never a bare text: what uses it has to reveal it. */
export function concealed (min: number): Field<Secret> {
  const field = secret(min)
  return { ...field, schema: field.schema.transform(value => new Secret(value)) }
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

/** Whether the value can also be given as the path of a file that holds it: by one variable and one key more. */
export function hasFile ({ kind }: Pick<Field<unknown>, 'kind'>): boolean {
  return kind === 'secret' || kind === 'document'
}

/** A list of names as SQL writes them, or one: those in double quotes keep them. In a variable, with commas between. */
export function sqlNames (expects: string): Field<readonly string[]> {
  return {
    kind: 'value',
    schema: z.preprocess(value => typeof value === 'string' ? [value] : value, z.array(z.string().min(1)).min(1)),
    fromText: value => value.split(',').map(part => part.trim()).filter(part => part !== ''),
    hasQuotes: true,
    expects
  }
}

export function optional<T> (field: Field<T>): Field<T | undefined> {
  return { ...field, schema: field.schema.optional() }
}

export function option<T> (field: Field<T>, variable: string, value: NoInfer<T>, meaning: string): Option<T> {
  return { ...field, variable, default: value, meaning }
}
