import { z } from 'zod'
import { choice, flag, path, secret, text, url, whole, type Field } from '../core/ports/field.ts'
import { checkGiven } from './checked-value.ts'
import type { Problem } from './problem.ts'
import type { RawValue } from './raw-value.ts'
import { S3_PROFILES } from './store-options.ts'
import { bandwidth, prefix, storageClasses } from './store-values.ts'

const container: Field<string> = {
  ...text,
  schema: z.string().regex(/^[^/\s:]+$/),
  expects: 'a name alone, without "s3://" and without a path'
}

export const COMMON_FIELDS = {
  name: text,
  enabled: flag,
  uploadAfterBackup: flag,
  maxBackups: whole(1, 100_000),
  appendOnly: flag,
  bandwidth
} as const

/** The fields of one store in holdfast.yaml that are one value, by its kind. */
export const STORE_FIELDS = {
  s3: {
    bucket: container,
    prefix,
    region: text,
    endpoint: url,
    insecure: flag,
    pathStyle: flag,
    profile: choice(S3_PROFILES),
    accessKeyId: secret(1),
    secretAccessKey: secret(1),
    sessionToken: secret(1),
    storageClass: storageClasses,
    encryption: choice(['AES256', 'aws:kms']),
    kmsKeyId: text,
    lock: choice(['governance', 'compliance'])
  },
  gcs: { bucket: container, prefix, keyFile: path, endpoint: url, insecure: flag },
  azure: { container, prefix, account: container, key: secret(1), endpoint: url, insecure: flag },
  local: { path }
} as const

export type StoreKind = keyof typeof STORE_FIELDS
export const STORE_KINDS = Object.keys(STORE_FIELDS) as StoreKind[]

type Table = Readonly<Record<string, Field<unknown>>>
export type FieldValues<T extends Table> = { readonly [K in keyof T]?: T[K]['schema']['_output'] | undefined }

/** Every key that a store of that kind may have in holdfast.yaml. */
export function storeKeys (kind: StoreKind): readonly string[] {
  return [
    ...Object.keys(COMMON_FIELDS),
    'kind',
    'retention',
    ...Object.keys(STORE_FIELDS[kind]),
    ...secretsOf(kind).map(key => `${key}File`)
  ]
}

/** Those that can also be given as the path of a file. */
export function secretsOf (kind: StoreKind): readonly string[] {
  return Object.entries<Field<unknown>>(STORE_FIELDS[kind]).filter(([, field]) => field.kind === 'secret').map(
    ([key]) => key
  )
}

export function checkFields<T extends Table> (
  table: T,
  given: ReadonlyMap<string, RawValue>,
  problems: Problem[]
): FieldValues<T> {
  return Object.fromEntries(
    Object.entries(table).flatMap(([key, field]) => {
      const one = given.get(key)
      return one === undefined ? [] : [[key, checkGiven(field, one, problems)]]
    })
  ) as FieldValues<T>
}
