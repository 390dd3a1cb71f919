import { z } from 'zod'
import { BackupError } from './errors.ts'

/**
 * The object in every store that names the installation to which the store belongs; docs/format.md is its reference.
 */
export const INSTANCE_MARKER = 'holdfast-instance.json'
/** No marker is larger; an object that is, is something else. In bytes. */
export const MARKER_LIMIT = 64 * 1024
/** The installation of a backup whose manifest names none, in a place without a marker. */
export const UNKNOWN_INSTANCE = 'unknown'

/** The id of an installation: a UUID, or any short name without spaces. */
export const instanceId = z.string().regex(/^[\w.-]{1,64}$/)

export const markerSchema = z.object({
  format: z.literal('holdfast-instance'),
  version: z.literal(1),
  instance: instanceId,
  /** Which store this is, whatever its place: another marker has another. Markers of versions before it have none. */
  store: z.string().min(1).max(64).optional(),
  /** The name of the machine when the marker was written, for people. */
  host: z.string().max(255),
  created: z.iso.datetime(),
  /** Installations whose backups in this place were taken over. */
  formerly: z.array(instanceId).max(500)
})

export type InstanceMarker = z.infer<typeof markerSchema>

/** Which installation this process works for. */
export interface Identity {
  readonly id: string
  /** The name of the machine, for people. */
  readonly host: string
}

/** The id of the store. A marker that has none is told from others by the moment at which it was written. */
export function storeIdOf ({ store, created }: InstanceMarker): string {
  return store ?? created
}

/** `store_ids`: which store is meant by a name. */
export interface StoreIds {
  /** The id of the store when it was last found to be the right one; undefined: it never was. */
  of(name: string): Promise<string | undefined>
  remember(name: string, id: string): Promise<void>
}

export function serializeMarker (marker: InstanceMarker): string {
  return `${JSON.stringify(marker, undefined, 2)}\n`
}

/** undefined: it is not a marker that this version can read. */
export function parseMarker (text: string): InstanceMarker | undefined {
  try {
    const parsed = markerSchema.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

/**
 * Whether a backup is this installation's own. `instance` is that of its manifest, `marker` that of the store it was
 * found in.
 */
export function isOwnBackup (
  identity: Identity,
  instance: string | undefined,
  marker: InstanceMarker | undefined
): boolean {
  if (instance === identity.id) return true
  if (marker?.instance !== identity.id) return false
  return instance === undefined || marker.formerly.includes(instance)
}

/** Throws `BACKUP_FOREIGN` for a backup of another installation. `verb` completes "it cannot be …". */
export function requireOwn (
  { id, foreignInstance }: { readonly id: number, readonly foreignInstance: string | null },
  verb: string
): void {
  if (foreignInstance === null) return
  throw new BackupError(
    'BACKUP_FOREIGN',
    `backup ${id} belongs to another installation ("${foreignInstance}") and cannot be ${verb} here`,
    {
      hint:
        'Use that installation. If it no longer exists, "holdfast rebuild --take-over" makes this installation the owner of its backups in the configured stores.'
    }
  )
}
