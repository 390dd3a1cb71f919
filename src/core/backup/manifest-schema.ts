import { z } from 'zod'
import { instanceId } from '../instance.ts'
import { COMPRESSIONS } from '../ports/codec.ts'
import { ENCRYPTIONS } from '../ports/encryption.ts'
import { MAIN, isPartFormat, isPartName } from '../ports/part.ts'
import { TIERS } from '../tier.ts'
import { BACKUP_METHODS, BACKUP_TYPES } from './backup.ts'
import { chainLinkSchema } from './chain-link.ts'
import { SAMPLE } from './measures.ts'
import { fileName, isPartFile } from './object-key.ts'
import { importRecordSchema } from './import-record.ts'
import { isSigningKey } from './signature.ts'

export const MANIFEST_FORMAT = 'holdfast-manifest'
/**
 * Raised when an older reader could no longer do right by a newer manifest. Older ones stay readable for ever. Version
 * 2 adds encryption: a reader of version 1 that looks at no more than the compression would take encrypted bytes for an
 * image. Version 3 adds parts, chains and facts of any kind. A backup is written as the lowest version that has all of
 * it.
 */
export const MANIFEST_VERSIONS = { plain: 1, sealed: 2, parts: 3 } as const
/** More parts no backup has. */
const MOST_PARTS = 10_000

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const instant = z.iso.datetime()
const count = z.int().nonnegative()
/** Bytes. No object and no image is larger than 1 PiB, so that the sizes of thousands of backups can be added up. */
const size = count.max(2 ** 50)
const tables = z.array(z.strictObject({ name: z.string(), rows: count.nullable() }))
const properties = z.record(z.string(), z.union([z.string(), z.number()]))
const image = z.strictObject({ size, sha256 })

const origin = {
  // A wish alone: who takes the backup over gives it another id where this one is taken or too large (backup-id.ts).
  id: z.number().positive().refine(Number.isInteger, 'expected a whole number'),
  /** The installation that made it; a manifest from before there was one has none. */
  instance: instanceId.exactOptional(),
  source: z.strictObject({ name: z.string(), kind: z.string(), location: z.string() }),
  type: z.enum(BACKUP_TYPES),
  method: z.enum(BACKUP_METHODS),
  schedule: z.enum(TIERS).nullable(),
  description: z.string().nullable(),
  pinned: z.boolean(),
  startedAt: instant,
  completedAt: instant,
  imported: importRecordSchema.exactOptional(),
  object: z.strictObject({ name: z.string(), size, sha256 }),
  image,
  compression: z.enum(COMPRESSIONS)
}

const sealing = {
  encryption: z.enum(ENCRYPTIONS),
  keys: z.array(z.string().min(1)).min(1).exactOptional()
}

/** What the guard measured, and what it found: core/backup/measures.ts, core/backup/suspicion.ts. */
const guarded = {
  measures: z.strictObject({
    pages: count,
    stride: z.int().positive(),
    entropy: z.number().min(0).max(8),
    density: z.number().nonnegative(),
    sketch: z.string().regex(/^[0-9a-f]*$/).max(SAMPLE)
  }).exactOptional(),
  suspicion: z.strictObject({
    reasons: z.array(z.string().min(1)).min(1),
    releasedAt: instant.nullable(),
    releasedBy: z.string().nullable()
  }).exactOptional()
}

const vouched = {
  verifiedAt: instant.nullable(),
  signature: z.strictObject({
    algorithm: z.literal('ed25519'),
    key: z.string().refine(isSigningKey, 'expected a public key ("holdfast-sign1-…")'),
    value: z.base64().length(88)
  }).exactOptional()
}

/** A backup of one part without a chain, of a kind whose format has the name of the kind. */
export const singlePartSchema = z.strictObject({
  format: z.literal(MANIFEST_FORMAT),
  version: z.literal([MANIFEST_VERSIONS.plain, MANIFEST_VERSIONS.sealed]),
  ...origin,
  ...sealing,
  facts: z.strictObject({
    engine: z.string(),
    schemaDigest: sha256,
    tables,
    foreignKeyViolations: count.nullable(),
    properties
  }),
  ...guarded,
  ...vouched
}).superRefine((manifest, context) => {
  const isSealed = manifest.encryption !== 'none'
  if (isSealed !== (manifest.version === MANIFEST_VERSIONS.sealed)) {
    context.addIssue({
      code: 'custom',
      path: ['version'],
      message: `a backup with encryption "${manifest.encryption}" has another version`
    })
  }
  checkKeys(manifest, context)
})

const partSchema = z.strictObject({
  name: z.string().refine(name => isPartName(name) && name !== MAIN, 'expected the name of a part'),
  format: z.string().refine(isPartFormat, 'expected the name of a format'),
  isIndex: z.boolean(),
  object: z.strictObject({
    name: z.string().min(1).refine(name => fileName(name) === name, 'expected the name of a file'),
    size,
    sha256
  }),
  image,
  compression: z.enum(COMPRESSIONS)
})

/** Any backup. The order of the keys is part of the format: copies of a manifest are compared to the byte. */
export const partedSchema = z.strictObject({
  format: z.literal(MANIFEST_FORMAT),
  version: z.literal(MANIFEST_VERSIONS.parts),
  ...origin,
  partFormat: z.string().refine(isPartFormat, 'expected the name of a format'),
  parts: z.array(partSchema).max(MOST_PARTS),
  ...sealing,
  link: chainLinkSchema.nullable(),
  facts: z.strictObject({ engine: z.string(), tables, properties, details: z.record(z.string(), z.json()) }),
  ...guarded,
  ...vouched
}).superRefine((manifest, context) => {
  checkKeys(manifest, context)
  const names = [MAIN, ...manifest.parts.map(({ name }) => name)]
  const files = [manifest.object.name, ...manifest.parts.map(({ object }) => object.name)]
  if (new Set(names).size < names.length || new Set(files).size < files.length) {
    context.addIssue({ code: 'custom', path: ['parts'], message: 'two parts have the same name' })
  }
  for (const [index, { name, object }] of manifest.parts.entries()) {
    if (isPartFile(object.name, fileName(manifest.object.name), name)) continue
    context.addIssue({
      code: 'custom',
      path: ['parts', index, 'object', 'name'],
      message: 'expected the name of the backup, then that of the part'
    })
  }
})

function checkKeys (
  { encryption, keys }: { readonly encryption: string, readonly keys?: readonly string[] },
  context: z.RefinementCtx
): void {
  const isSealed = encryption !== 'none'
  if (isSealed === (keys !== undefined)) return
  context.addIssue({
    code: 'custom',
    path: ['keys'],
    message: isSealed
      ? '"keys" is missing, although the backup is encrypted'
      : '"keys" is set, although the backup is not encrypted'
  })
}

export type SinglePartForm = z.infer<typeof singlePartSchema>
export type PartedForm = z.infer<typeof partedSchema>
