import { z } from 'zod'
import { TIERS } from '../tier.ts'
import { BACKUP_METHODS, BACKUP_TYPES } from './backup.ts'
import { ENCRYPTIONS } from '../ports/encryption.ts'
import { instanceId } from '../instance.ts'
import { BackupError } from '../errors.ts'
import { SAMPLE } from './measures.ts'
import { authenticity, isSigningKey, type ManifestSignature } from './signature.ts'
import { COMPRESSIONS } from '../ports/codec.ts'

export const MANIFEST_FORMAT = 'holdfast-manifest'
/**
 * Raised when an older reader could no longer do right by a newer manifest. Older ones stay readable for ever. What
 * version 2 adds is encryption: a reader of version 1 that looks at no more than the compression would take sealed
 * bytes for an image. A backup that is not sealed is written as version 1, which both read.
 */
export const MANIFEST_VERSIONS = { plain: 1, sealed: 2 } as const
/** No manifest is larger; a file that is, is something else. In bytes. */
export const MANIFEST_LIMIT = 16 * 1024 * 1024

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const instant = z.iso.datetime()
const count = z.int().nonnegative()
/** Bytes. No object and no image is larger than 1 PiB, so that the sizes of thousands of backups can be added up. */
const size = count.max(2 ** 50)

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

/** The small JSON beside an object that makes it a backup; docs/format.md is its reference. */
export const manifestSchema = z.strictObject({
  format: z.literal(MANIFEST_FORMAT),
  version: z.literal([MANIFEST_VERSIONS.plain, MANIFEST_VERSIONS.sealed]),
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
  object: z.strictObject({ name: z.string(), size, sha256 }),
  image: z.strictObject({ size, sha256 }),
  compression: z.enum(COMPRESSIONS),
  encryption: z.enum(ENCRYPTIONS),
  keys: z.array(z.string().min(1)).min(1).exactOptional(),
  facts: z.strictObject({
    engine: z.string(),
    schemaDigest: sha256,
    tables: z.array(z.strictObject({ name: z.string(), rows: count.nullable() })),
    foreignKeyViolations: count.nullable(),
    properties: z.record(z.string(), z.union([z.string(), z.number()]))
  }),
  ...guarded,
  verifiedAt: instant.nullable(),
  signature: z.strictObject({
    algorithm: z.literal('ed25519'),
    key: z.string().refine(isSigningKey, 'expected a public key ("holdfast-sign1-…")'),
    value: z.base64().length(88)
  }).exactOptional()
}).superRefine(({ version, encryption, keys }, context) => {
  const isSealed = encryption !== 'none'
  const report = (path: string, message: string): void => {
    context.addIssue({ code: 'custom', path: [path], message })
  }
  if (isSealed !== (version === MANIFEST_VERSIONS.sealed)) {
    report('version', `a backup with encryption "${encryption}" has another version`)
  }
  if (isSealed !== (keys !== undefined)) {
    report('keys', isSealed ? 'nothing says to which keys it is sealed' : 'a backup that is not sealed has no keys')
  }
})

export type Manifest = z.infer<typeof manifestSchema>

/** The same with this signature in place of the one before, which is of another content; undefined: with none. */
export function withSignature (manifest: Manifest, signature: ManifestSignature | undefined): Manifest {
  const { signature: _, ...content } = manifest
  return signature === undefined ? content : { ...content, signature }
}

/** The same with the suspect declared good. */
export function released (manifest: Manifest, at: Date, by: string): Manifest {
  return manifest.suspicion === undefined
    ? manifest
    : { ...manifest, suspicion: { ...manifest.suspicion, releasedAt: at.toISOString(), releasedBy: by } }
}

export function serializeManifest (manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`
}

/**
 * Throws `MANIFEST_INVALID`, which names the first place that is wrong; also where the signature is not of this
 * content, with `signature: 'changed'` in its details.
 */
export function parseManifest (text: string): Manifest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new BackupError('MANIFEST_INVALID', 'the manifest is not JSON', { cause })
  }
  const parsed = manifestSchema.safeParse(value)
  if (parsed.success) {
    if (authenticity(parsed.data, new Set()) !== 'changed') return parsed.data
    throw new BackupError(
      'MANIFEST_INVALID',
      'the manifest was changed after it was signed: its signature does not match',
      {
        hint: 'Do not rely on this backup; choose another one, and find out who can write to the store.',
        details: { signature: 'changed' }
      }
    )
  }
  const [where] = parsed.error.issues.map(({ path, message }) => `"${path.join('.')}": ${message}`)
  throw new BackupError('MANIFEST_INVALID', `the manifest is wrong at ${String(where)}`, { cause: parsed.error })
}
