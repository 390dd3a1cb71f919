import { z } from 'zod'
import { choice, concealed, flag, secret, text, type Field } from '../../core/ports/field.ts'
import { TIERS } from '../../core/tier.ts'
import { ENDPOINT_FIELDS } from '../endpoint.ts'
import { container, prefix } from '../fields.ts'
import type { S3StoreOptions } from './options.ts'

/** The names that AWS shows to people, by those that it wants to hear. */
const SPOKEN: Readonly<Record<string, string>> = {
  GLACIER_DEEP_ARCHIVE: 'DEEP_ARCHIVE',
  GLACIER_FLEXIBLE_RETRIEVAL: 'GLACIER',
  GLACIER_INSTANT_RETRIEVAL: 'GLACIER_IR',
  INFREQUENT_ACCESS: 'STANDARD_IA'
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

type StorageClasses = S3StoreOptions['storageClasses']

/** One for all, or one for each tier; `default` is that of backups without one. */
const storageClasses: Field<StorageClasses> = {
  kind: 'value',
  schema: z.union([
    storageClass.schema.transform((name): StorageClasses => ({ default: name })),
    z.partialRecord(z.enum([...TIERS, 'default']), storageClass.schema)
  ]),
  fromText: text => text,
  expects: `${storageClass.expects}, or a map from ${[...TIERS, 'default'].join(', ')} to such names`
}

export const profile = choice(['aws', 'compatible'])

export const S3_FIELDS = {
  bucket: container,
  prefix,
  region: text,
  ...ENDPOINT_FIELDS,
  pathStyle: flag,
  profile,
  accessKeyId: secret(1),
  secretAccessKey: concealed(1),
  sessionToken: concealed(1),
  storageClass: storageClasses,
  encryption: choice(['AES256', 'aws:kms']),
  kmsKeyId: text,
  lock: choice(['governance', 'compliance'])
} as const
