import type { Backup } from '../../core/backup/backup.ts'
import { MANIFEST_FORMAT, versionFor, type Manifest } from '../../core/backup/manifest.ts'
import { CONSTRAINT_VIOLATIONS, type Source } from '../../core/ports/source.ts'
import { violationsOf, type Verification } from '../../core/ports/verification.ts'
import type { Cipher } from '../../core/ports/encryption.ts'
import type { ContentRequest } from './create-request.ts'
import type { StoredBackup } from './store-parts.ts'

/**
 * The image is byte for byte what was read from the source, so what its proof found of broken constraints is true of
 * the source.
 */
export function countedFacts (facts: Manifest['facts'], verification: Verification | null): Manifest['facts'] {
  if (verification === null || facts.properties[CONSTRAINT_VIOLATIONS] === undefined) return facts
  return { ...facts, properties: { ...facts.properties, [CONSTRAINT_VIOLATIONS]: violationsOf(verification.checks) } }
}

/** The unsigned manifest of a stored backup, as before its verification. */
export function manifestOf (
  source: Source,
  row: Backup,
  { cipher, imported, instance, link }: Pick<Manifest, 'link'> & Pick<ContentRequest, 'imported'> & {
    /** null: the backup is not encrypted. */
    readonly cipher: Cipher | null
    /** The id of this installation. */
    readonly instance: string
  },
  { parts: [main, ...parts], outcome, measures }: StoredBackup,
  completedAt: Date
): Manifest {
  const content: Omit<Manifest, 'version'> = {
    format: MANIFEST_FORMAT,
    id: row.id,
    instance,
    source: { name: source.name, kind: source.kind, location: source.location },
    type: row.type,
    method: row.method,
    schedule: row.schedule,
    description: row.description,
    pinned: row.pinned,
    startedAt: row.startedAt.toISOString(),
    completedAt: completedAt.toISOString(),
    ...imported !== undefined && { imported: imported.record },
    object: main.object,
    image: main.image,
    compression: main.compression,
    encryption: cipher?.encryption ?? 'none',
    ...cipher !== null && { keys: [...cipher.keys] },
    partFormat: main.format,
    parts,
    link,
    facts: outcome.facts,
    measures,
    verifiedAt: null
  }
  const { format, ...others } = content
  return { format, version: versionFor(content), ...others }
}
