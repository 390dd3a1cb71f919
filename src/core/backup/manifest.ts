import { BackupError } from '../errors.ts'
import { MAIN, type BackupPart, type PartRecord } from '../ports/part.ts'
import type { SnapshotFacts } from '../ports/source.ts'
import type { ChainLink } from './chain-link.ts'
import {
  MANIFEST_VERSIONS,
  partedSchema,
  singlePartSchema,
  type PartedForm,
  type SinglePartForm
} from './manifest-schema.ts'
import { authenticity, type ManifestSignature } from './signature.ts'

export { MANIFEST_FORMAT, MANIFEST_VERSIONS } from './manifest-schema.ts'

/** No manifest is larger; a file that is, is something else. In bytes. */
export const MANIFEST_LIMIT = 16 * 1024 * 1024

/**
 * The small JSON beside an object that makes it a backup; docs/format.md is its reference. In memory every manifest has
 * all fields of version 3, whatever version it is written as; `writtenForm` is what stands in the file.
 */
export interface Manifest extends Omit<PartedForm, 'version' | 'parts' | 'facts' | 'link'> {
  readonly version: SinglePartForm['version'] | PartedForm['version']
  /** The parts in addition to the main one, which is `object`, `image`, `compression` and `partFormat`. */
  readonly parts: readonly PartRecord[]
  readonly link: ChainLink | null
  readonly facts: SnapshotFacts
}

/** All parts, the main one first. */
export function partsOf ({ object, image, compression, partFormat, parts }: Manifest): readonly PartRecord[] {
  return [{ name: MAIN, format: partFormat, isIndex: false, object, image, compression }, ...parts]
}

/** The part with this name. Throws `PART_NOT_FOUND`, which names those that there are. */
export function requirePart (manifest: Manifest, name: string): PartRecord {
  const parts = partsOf(manifest)
  const found = parts.find(part => part.name === name)
  if (found !== undefined) return found
  throw new BackupError('PART_NOT_FOUND', `the backup has no part "${name}"`, {
    hint: `It has ${parts.map(part => `"${part.name}"`).join(', ')}.`
  })
}

/** The parts in addition to the main one, as the row of the backup has them. */
export function backupParts ({ parts }: Pick<Manifest, 'parts'>): readonly BackupPart[] {
  return parts.map(({ name, object }) => ({
    name,
    fileName: object.name,
    size: object.size,
    checksum: object.sha256
  }))
}

/** Stored bytes of all parts. */
export function totalSizeOf (manifest: Manifest): number {
  return partsOf(manifest).reduce((sum, { object }) => sum + object.size, 0)
}

/** Plain bytes of all parts. */
export function totalImageOf (manifest: Manifest): number {
  return partsOf(manifest).reduce((sum, { image }) => sum + image.size, 0)
}

/** Plain bytes of all parts of all backups of a chain: at most so many are read to restore it. */
export function chainImageOf (chain: readonly Manifest[]): number {
  return chain.reduce((sum, manifest) => sum + totalImageOf(manifest), 0)
}

/** The lowest version that has all of the manifest. */
export function versionFor (manifest: Omit<Manifest, 'version'>): Manifest['version'] {
  const { parts, link, partFormat, source, encryption, facts: { details } } = manifest
  const isSingle = parts.length === 0 && link === null && partFormat === source.kind && isSingleDetails(details)
  if (!isSingle) return MANIFEST_VERSIONS.parts
  return encryption === 'none' ? MANIFEST_VERSIONS.plain : MANIFEST_VERSIONS.sealed
}

/** The details that versions 1 and 2 have as facts of their own, and no others. */
function isSingleDetails ({ schemaDigest, foreignKeyViolations, ...others }: SnapshotFacts['details']): boolean {
  return typeof schemaDigest === 'string' && foreignKeyViolations !== undefined && Object.keys(others).length === 0
}

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

/** The keys of version 3 in their order, which is part of the format. */
const PARTED_KEYS = Object.keys(partedSchema.shape) as ReadonlyArray<keyof PartedForm>

/**
 * The content of the file, in its own version. Versions 1 and 2 keep the order of the keys of `manifest`: what was read
 * is written again as it was.
 */
export function writtenForm (manifest: Manifest): object {
  const { engine, tables, properties, details } = manifest.facts
  if (manifest.version === MANIFEST_VERSIONS.parts) {
    const content = { ...manifest, facts: { engine, tables, properties, details } }
    return Object.fromEntries(PARTED_KEYS.filter(key => content[key] !== undefined).map(key => [key, content[key]]))
  }
  const { partFormat: _format, parts: _parts, link: _link, ...others } = manifest
  const { schemaDigest, foreignKeyViolations } = details
  return { ...others, facts: { engine, schemaDigest, tables, foreignKeyViolations, properties } }
}

/** A form that was checked when it was written, such as one that the catalog keeps, with all fields in memory. */
export function filledForm (written: SinglePartForm | PartedForm): Manifest {
  if (written.version === MANIFEST_VERSIONS.parts) return written
  const { engine, tables, properties, schemaDigest, foreignKeyViolations } = written.facts
  return {
    ...written,
    facts: { engine, tables, properties, details: { schemaDigest, foreignKeyViolations } },
    partFormat: written.source.kind,
    parts: [],
    link: null
  }
}

export function serializeManifest (manifest: Manifest): string {
  return `${JSON.stringify(writtenForm(manifest), undefined, 2)}\n`
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
  const parsed = isParted(value) ? partedSchema.safeParse(value) : singlePartSchema.safeParse(value)
  if (parsed.success) {
    if (authenticity(parsed.data, new Set()) !== 'changed') return filledForm(parsed.data)
    throw new BackupError(
      'MANIFEST_INVALID',
      'the manifest was changed after it was signed: its signature does not match',
      {
        hint: 'Do not use this backup. Choose another one, and find out who can write to the store.',
        details: { signature: 'changed' }
      }
    )
  }
  const [where] = parsed.error.issues.map(({ path, message }) => `"${path.join('.')}": ${message}`)
  throw new BackupError('MANIFEST_INVALID', `the manifest is not valid at ${String(where)}`, { cause: parsed.error })
}

function isParted (value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'version' in value && value.version === MANIFEST_VERSIONS.parts
}
