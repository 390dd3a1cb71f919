import type { Clock } from '../clock.ts'
import type { Presence } from '../presence.ts'
import { option, optional, type Field, type FieldProblem, type Fields, type FieldValues, type Option } from './field.ts'
import type { Store } from './store.ts'

/** A variable for the stores of one kind. It has no default: undefined is not set. */
export interface StoreOption<T> extends Option<T> {
  /**
   * The field that it gives to the one store of the kind that variables describe. Left out: it holds for every store of
   * the kind that says nothing of its own about it, as credentials do.
   */
  readonly field?: string
}

/** By the keys of holdfast.yaml. */
export type StoreOptions = Readonly<Record<string, StoreOption<unknown>>>

export function storeOption<T> (
  field: Field<T>,
  variable: string,
  meaning: string,
  gives?: string
): StoreOption<T | undefined> {
  const setting = option(optional(field), variable, undefined, meaning)
  return gives === undefined ? setting : { ...setting, field: gives }
}

/** What a store is made with, by the names that its kind has for it. */
export type StoreValues = Readonly<Record<string, unknown>>

/** One store as somebody wrote it, for what no field sees alone. */
export interface GivenFields<F extends Fields> {
  readonly values: FieldValues<F>
  /** Whether the field was given, valid or not. */
  readonly isGiven: (field: keyof F & string) => boolean
  /** Whether it has rules of its own for what stays in it. */
  readonly hasRetention: boolean
  /** Whether the server has secrets for it that this process does not have. */
  readonly lacksSecrets: boolean
  /** How a field would be set where the store is described: `"insecure: true"`, `BACKUP_S3_INSECURE=true`. */
  readonly setting: (field: keyof F & string, value: string) => string
}

/**
 * The URL of a store, taken apart. Each function throws `VALIDATION_FAILED`, with the part that is wrong and the forms
 * that exist.
 */
export interface StoreUrl {
  readonly url: URL
  /** A part of it, checked as the field is; `what` names it: `the bucket`. */
  readonly check: <T>(field: Field<T>, text: string, what: string) => T
  /** One of the parameters after `?`; undefined: it is not there. */
  readonly parameter: <T>(field: Field<T>, name: string) => T | undefined
  readonly refuse: (message: string, hint?: string, cause?: unknown) => never
}

/** A file with credentials. */
export interface CredentialFile<Name extends string> {
  /** The setting that names it. */
  readonly option: Name
  readonly path: string
}

/** How a place of the kind is written as a URL. */
export interface StoreUrlForm<O extends StoreOptions, V> {
  /** What it begins with: `s3` for `s3://…`. */
  readonly schemes: readonly string[]
  /** For people: `s3://bucket/prefix`. */
  readonly form: string
  /** What may stand after `?`. Left out: that is not looked at. */
  readonly parameters?: readonly string[]
  /** What a store is called that only its URL names. Default: the name of the kind. */
  readonly defaultName?: string
  /** Credentials come from `defaults`, never from the URL. Throws `VALIDATION_FAILED`. */
  readonly parse: (url: StoreUrl, defaults: FieldValues<O>) => V
  /** The one way in which the place is written, without anything secret. */
  readonly format: (values: V) => string
  /** Of a text that is no URL and so the path of a directory; at most one kind takes it. The path is absolute. */
  readonly fromPath?: (path: string) => V
}

/** What stores of one process share. */
export interface StoreContext {
  /** Of this installation. */
  readonly instanceId: string
  readonly presence: Presence
  readonly clock: Clock
  /** HTTP_PROXY, HTTPS_PROXY and NO_PROXY, by these names; undefined: none is set. Throws `CONFIG_INVALID`. */
  readonly proxy: () => Readonly<Record<string, string>> | undefined
}

/**
 * Everything that the service knows of one kind of store. `V` is what a store of the kind is made with. A new kind is
 * one folder and one line of `stores/index.ts`; nothing else names a kind. Every command loads the modules of all kinds
 * with its configuration: what is large is imported by `make`.
 */
export interface StoreKind<
  F extends Fields = Fields,
  O extends StoreOptions = StoreOptions,
  V extends object = StoreValues
> {
  /** What `kind` is in holdfast.yaml: `s3`. The name of a store that has none of its own. */
  readonly name: string
  /** For people: `S3`. */
  readonly label: string
  readonly fields: F
  /** The fields that a store cannot be without, each with the remedy where it is missing. */
  readonly required: Readonly<Partial<Record<keyof F & keyof V & string, string>>>
  /** The first one with a `field` makes the store. */
  readonly options: O
  /** Whether holdfast.yaml may describe one store of the kind in a block at its top that is named after the kind. */
  readonly hasBlock?: boolean
  /** The field that locks copies for as long as the own retention of the store keeps them; null in the values: none. */
  readonly lockField?: keyof F & keyof V & string
  /** Whether it is a directory of this machine's file system, with its objects as files in it. */
  readonly isDirectory: boolean
  /** Whether it has storage classes out of which objects are brought back before they can be read (`Store.thaw`). */
  readonly canThaw: boolean
  /**
   * What a store is made with: the fields, and `defaults` for what they leave out. What is required may be missing, but
   * not a secret where `lacksSecrets`: such a store is never made.
   */
  complete(
    given: FieldValues<F>,
    defaults: FieldValues<O>,
    lacksSecrets: boolean
  ): { readonly [K in keyof V]: V[K] | undefined }
  /** What is wrong with the fields together; empty: nothing. Touches nothing. */
  validate(given: GivenFields<F>): ReadonlyArray<FieldProblem<keyof F & string>>
  /** What is wrong with the variables together, where a store uses them; the fields are keys of `options`. */
  validateDefaults?(defaults: FieldValues<O>): ReadonlyArray<FieldProblem<keyof O & string>>
  readonly url: StoreUrlForm<O, V>
  /** Where it is, for people. */
  place(values: V): string
  /**
   * What tells one place from another, however it is reached: the container, and the path in it with a `/` at its end,
   * or nothing.
   */
  identity(values: V): { readonly root: string, readonly path: string }
  /** Local directories that it fills, each with the field that names it, so that nothing else is put there. */
  paths(values: V): ReadonlyArray<{ readonly field: keyof F & string, readonly path: string }>
  /** Whether others on the network could read what is sent to it, credentials too. */
  isInsecure(values: V): boolean
  /** Files with credentials that a setting names for all stores of the kind, and this one uses. */
  secretFiles?(
    values: V,
    defaults: FieldValues<O>
  ): ReadonlyArray<{ readonly option: keyof O & string, readonly path: string }>
  /** Opens and sends nothing. */
  make(name: string, values: V, context: StoreContext): Promise<Store>
}

/** A kind in the list: what its stores are made with only it itself knows. */
export type ListedStoreKind<O extends StoreOptions> = Omit<StoreKind, 'options'> & { readonly options: O }

/** Checks the types of a kind, and forgets those of the fields and values for the list. */
export function storeKind<
  const F extends Fields,
  const O extends StoreOptions,
  V extends object
> (kind: StoreKind<F, O, V>): ListedStoreKind<O> {
  return kind as unknown as ListedStoreKind<O>
}
