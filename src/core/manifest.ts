import { z } from 'zod'
import { BACKUP_METHODS, BACKUP_TYPES, TIERS } from './backup.ts'
import { BackupError } from './errors.ts'
import { COMPRESSIONS } from './stage.ts'

export const MANIFEST_FORMAT = 'holdfast-manifest'
/** Raised when an older reader could no longer do right by a newer manifest. Older ones stay readable for ever. */
export const MANIFEST_VERSION = 1
/** No manifest is larger; a file that is, is something else. In bytes. */
export const MANIFEST_LIMIT = 16 * 1024 * 1024

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const instant = z.iso.datetime()
const count = z.int().nonnegative()

/** The small JSON beside an object that makes it a backup; docs/format.md is its reference. */
export const manifestSchema = z.strictObject({
  format: z.literal(MANIFEST_FORMAT),
  version: z.literal(MANIFEST_VERSION),
  id: z.int().positive(),
  source: z.strictObject({ name: z.string(), kind: z.string(), location: z.string() }),
  type: z.enum(BACKUP_TYPES),
  method: z.enum(BACKUP_METHODS),
  schedule: z.enum(TIERS).nullable(),
  description: z.string().nullable(),
  pinned: z.boolean(),
  startedAt: instant,
  completedAt: instant,
  object: z.strictObject({ name: z.string(), size: count, sha256 }),
  image: z.strictObject({ size: count, sha256 }),
  compression: z.enum(COMPRESSIONS),
  encryption: z.literal('none'),
  facts: z.strictObject({
    engine: z.string(),
    schemaDigest: sha256,
    tables: z.array(z.strictObject({ name: z.string(), rows: count.nullable() })),
    foreignKeyViolations: count.nullable(),
    properties: z.record(z.string(), z.union([z.string(), z.number()]))
  }),
  verifiedAt: instant.nullable()
})

export type Manifest = z.infer<typeof manifestSchema>

export function serializeManifest (manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`
}

/** Throws `MANIFEST_INVALID`, which names the first place that is wrong. */
export function parseManifest (text: string): Manifest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new BackupError('MANIFEST_INVALID', 'the manifest is not JSON', { cause })
  }
  const parsed = manifestSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [where] = parsed.error.issues.map(({ path, message }) => `"${path.join('.')}": ${message}`)
  throw new BackupError('MANIFEST_INVALID', `the manifest is wrong at ${String(where)}`, { cause: parsed.error })
}
