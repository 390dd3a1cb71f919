import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { partsOf, serializeManifest, type Manifest } from '../../core/backup/manifest.ts'
import { manifestKey } from '../../core/backup/object-key.ts'
import { digestCheck, mismatch, type Digest } from '../../pipeline/digest.ts'
import { joined } from '../../pipeline/joined.ts'
import { tarHeader, tarSize, tarStream, type TarMember } from '../../pipeline/tar.ts'
import { partKey } from '../artifacts/images.ts'
import type { ObjectLocation } from '../artifacts/locations.ts'

/** A store that does not answer is reported within so many milliseconds. */
export const PATIENCE = 10_000

export interface PartsArchive {
  readonly fileName: string
  /** Strong validator: it goes by the names, the times and the digests of what is in it. */
  readonly etag: string
  /** Exact length in bytes. */
  readonly size: number
  /** The last bytes come only once every part was compared with its digest. Errors like `openStored`. */
  open(signal: AbortSignal): Readable
}

/**
 * A tar of all parts as they are stored, the main one first, and of the manifest, each under its name outside the
 * trash. `location` is that of the main part. Throws `CHECKSUM_MISMATCH` where a part has another length than it must
 * have, or what the store throws.
 */
export async function partsArchive ({ store, key }: ObjectLocation, manifest: Manifest): Promise<PartsArchive> {
  const modified = new Date(manifest.completedAt)
  const text = Buffer.from(serializeManifest(manifest))
  const etag = createHash('sha256')
  const members: TarMember[] = []
  const add = (member: TarMember, sha256: string): void => {
    members.push(member)
    etag.update(tarHeader(member)).update(sha256)
  }
  for (const part of partsOf(manifest)) {
    const { name, size, sha256 } = part.object
    const location = { store, key: partKey(key, manifest, part) }
    await requireStored(location, part.object)
    add({ name, size, modified, open: signal => openStored(location, part.object, signal) }, sha256)
  }
  const file = { name: manifestKey(manifest.object.name), size: text.length, modified }
  add({ ...file, open: async () => Readable.from([text]) }, createHash('sha256').update(text).digest('hex'))
  return {
    fileName: `${manifest.object.name}.tar`,
    etag: `"${etag.digest('hex')}"`,
    size: tarSize(members),
    open: signal => tarStream(members, signal)
  }
}

/** Throws `CHECKSUM_MISMATCH` unless the store has the object in its length, or what the store throws. */
export async function requireStored ({ store, key }: ObjectLocation, object: Digest): Promise<void> {
  const { size } = await store.stat(key, AbortSignal.timeout(PATIENCE))
  const difference = mismatch({ size, sha256: object.sha256 }, object, 'the object')
  if (difference !== undefined) throw difference
}

/** The stored bytes, compared with their digest: see `digestCheck`. */
export async function openStored (
  { store, key }: ObjectLocation,
  object: Digest,
  signal: AbortSignal
): Promise<Readable> {
  return joined(await store.get(key, undefined, signal), digestCheck(object, 'the object'))
}
