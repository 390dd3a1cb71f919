import { z } from 'zod'
import { BackupError } from '../errors.ts'
import type { PlainImages } from '../ports/images.ts'
import { MAIN } from '../ports/part.ts'
import type { SnapshotFacts } from '../ports/source.ts'
import type { Restorable } from '../restore/restorable.ts'
import { chainLinkSchema } from './chain-link.ts'
import { partsOf, type Manifest } from './manifest.ts'

/** One of the sources whose backups together are the backup of a set. */
export interface Member {
  /** Of the source; unique within the set. */
  readonly name: string
  readonly kind: string
  /** Where the source was, for people. */
  readonly location: string
  /** The names of its parts in the backup of the set, by those that its kind gave them: `files` → `payloads/files`. */
  readonly parts: Readonly<Record<string, string>>
  readonly facts: SnapshotFacts
  readonly link: Manifest['link']
}

/** Each row that a query gives names a file that must be in the backup of another member. */
export interface Reference {
  /** The name of the member that is a database. */
  readonly source: string
  /** Its first column is a path: relative to the directory, or absolute. NULL names no file. */
  readonly sql: string
  /** The name of the member that has the files. */
  readonly directory: string
}

const memberSchema = z.strictObject({
  name: z.string().min(1),
  kind: z.string().min(1),
  location: z.string(),
  parts: z.record(z.string(), z.string()).refine(parts => Object.hasOwn(parts, MAIN), 'expected a part "main"'),
  facts: z.strictObject({
    engine: z.string(),
    tables: z.array(z.strictObject({ name: z.string(), rows: z.int().nonnegative().nullable() })),
    properties: z.record(z.string(), z.union([z.string(), z.number()])),
    details: z.record(z.string(), z.json())
  }),
  link: chainLinkSchema.nullable()
})

const setSchema = z.object({
  members: z.array(memberSchema).min(1),
  references: z.array(z.strictObject({ source: z.string(), sql: z.string(), directory: z.string() }))
})

/** The details of the facts of a set: what its backup needs to be verified and restored without its configuration. */
export interface SetDetails {
  /** In the order in which they were read. */
  readonly members: readonly [Member, ...Member[]]
  readonly references: readonly Reference[]
}

/**
 * The members of the backup of a set, from the details of its facts; null: it is a backup of one source. Throws
 * `MANIFEST_INVALID` for members that are not valid, and where two have the same name or claim the same part.
 */
export function setDetailsOf ({ facts: { details } }: { readonly facts: SnapshotFacts }): SetDetails | null {
  if (!Object.hasOwn(details, 'members')) return null
  const parsed = setSchema.safeParse(details)
  if (!parsed.success) {
    const [where] = parsed.error.issues.map(({ path, message }) => `"${path.join('.')}": ${message}`)
    throw invalid(String(where), parsed.error)
  }
  const { members: [first, ...others], references } = parsed.data
  const claimed = parsed.data.members.flatMap(({ parts }) => Object.values(parts))
  const names = parsed.data.members.map(({ name }) => name)
  if (first === undefined || new Set(names).size < names.length) throw invalid('two members have the same name')
  if (new Set(claimed).size < claimed.length) throw invalid('two members have the same part')
  return { members: [first, ...others], references }
}

/** The member with this name. Throws `VALIDATION_FAILED`, which names those that there are. */
export function requireMember ({ members }: SetDetails, name: string): Member {
  const found = members.find(member => member.name === name)
  if (found !== undefined) return found
  throw new BackupError('VALIDATION_FAILED', `the backup has no member "${name}"`, {
    hint: `It has ${members.map(member => `"${member.name}"`).join(', ')}.`
  })
}

/**
 * The backup of the member alone, as if it were one of its own: its parts have the names that its kind gave them.
 * Throws `MANIFEST_INVALID` where the backup does not have all of its parts.
 */
export function memberManifest (manifest: Manifest, { name, kind, location, parts, facts, link }: Member): Manifest {
  const own = new Map(Object.entries(parts).map(([own, given]) => [given, own]))
  const records = partsOf(manifest).flatMap(part => {
    const name = own.get(part.name)
    return name === undefined ? [] : [{ ...part, name }]
  })
  const main = records.find(part => part.name === MAIN)
  if (main === undefined || records.length < own.size) {
    throw invalid(`the backup does not have all parts of the member "${name}"`)
  }
  return {
    ...manifest,
    source: { name, kind, location },
    object: main.object,
    image: main.image,
    compression: main.compression,
    partFormat: main.format,
    parts: records.filter(part => part !== main),
    facts,
    link
  }
}

/** The images of the parts of a member, by the names that its kind gave them. */
export function memberImages (images: PlainImages, { name: member, parts }: Member): PlainImages {
  const given = (name: string): string => {
    if (Object.hasOwn(parts, name)) return parts[name] ?? name
    throw new BackupError('PART_NOT_FOUND', `the member "${member}" has no part "${name}"`)
  }
  const range = images.range?.bind(images)
  return {
    open: async (name, signal) => await images.open(given(name), signal),
    file: async (name, signal) => await images.file(given(name), signal),
    ...range !== undefined && { range: async (name, bytes, signal) => await range(given(name), bytes, signal) }
  }
}

/**
 * The chain of a member alone: from its own newest full backup on, which may lie later in the chain than that of the
 * set. Throws `VALIDATION_FAILED` where a backup of it does not have the member.
 */
export function memberChain ({ links }: Restorable, name: string): Restorable {
  const views = links.map(({ manifest, images }) => {
    const details = setDetailsOf(manifest)
    if (details === null) throw invalid('a backup of its chain is not that of a set')
    const member = requireMember(details, name)
    return { manifest: memberManifest(manifest, member), images: memberImages(images, member) }
  })
  const start = views.findLastIndex(({ manifest: { link } }) => link === null || link.depth === 0)
  const [first, ...others] = views.slice(Math.max(0, start))
  if (first === undefined) throw invalid('its chain is empty')
  return { links: [first, ...others] }
}

function invalid (what: string, cause?: unknown): BackupError {
  return new BackupError('MANIFEST_INVALID', `the manifest of the set is not valid: ${what}`, {
    ...cause !== undefined && { cause }
  })
}
