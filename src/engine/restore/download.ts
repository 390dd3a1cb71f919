import type { Readable } from 'node:stream'
import { fileName } from '../../core/backup/object-key.ts'
import type { Compression } from '../../core/ports/codec.ts'
import { SEAL_EXTENSIONS } from '../../core/ports/encryption.ts'
import type { ByteRange } from '../../core/ports/store.ts'
import { digestCheck, mismatch, slice } from '../../pipeline/digest.ts'
import { joined } from '../../pipeline/joined.ts'
import { openImage } from '../../pipeline/read-object.ts'
import { isStoredPlain, requireOpener } from '../artifacts/decryption.ts'
import { readableLocation } from '../artifacts/locations.ts'
import { trustedManifest, requireObject } from '../artifacts/objects.ts'
import type { VerifiedRanges } from '../artifacts/verified-ranges.ts'
import type { EngineDeps } from '../deps.ts'

export interface Download {
  readonly fileName: string
  /** Name of the store that it is read from. */
  readonly store: string
  /** Strong validator: the digest of the bytes that `body` would give without a range. */
  readonly etag: string
  /** Length of the whole, in bytes. */
  readonly size: number
  readonly contentType: string
  /**
   * Opens the bytes, without a range all of them. The last of them come only once everything is proven, so that a
   * reader who counts never has all of something that is wrong; of a part of a stored object nothing comes that is not
   * proven. Rejects, or errors, with `CHECKSUM_MISMATCH`, `DECODE_FAILED`, or what the store rejects with.
   */
  open(range: ByteRange | undefined, signal: AbortSignal): Promise<Readable>
}

/** What is sealed, and the image of a kind that this version does not have. */
const UNKNOWN_TYPE = 'application/octet-stream'
/** Whoever waits for a download hears within so many milliseconds that a store does not answer. */
const PATIENCE = 10_000
const COMPRESSED_TYPES: Readonly<Record<Exclude<Compression, 'none'>, string>> = {
  gzip: 'application/gzip',
  zstd: 'application/zstd'
}

/**
 * The stored artifact, or its plain image, from the nearest store that has it. Throws `BACKUP_NOT_COMPLETED`,
 * `BACKUP_DELETED`, `KEY_MISSING` for the image of one that is sealed, `CHECKSUM_MISMATCH` where the stored object has
 * another length than it must have, or what the store throws.
 */
export async function openDownload (
  deps: EngineDeps,
  ranges: VerifiedRanges,
  id: number,
  decoded: boolean
): Promise<Download> {
  const backup = await deps.catalog.backups.get(id)
  requireObject(backup)
  const manifest = await trustedManifest(deps, id)
  const imageType = deps.kinds.get(manifest.source.kind)?.contentType ?? UNKNOWN_TYPE
  const codec = deps.codecs[backup.compression]
  const name = fileName(backup.key)
  const { store, key } = await readableLocation(deps, backup, AbortSignal.timeout(PATIENCE))

  if (decoded && !isStoredPlain(manifest)) {
    const opener = requireOpener(deps.keyring, manifest)
    const added = (codec?.extension ?? '') +
      (manifest.encryption === 'none' ? '' : SEAL_EXTENSIONS[manifest.encryption])
    return {
      fileName: name.slice(0, -added.length),
      store: store.name,
      etag: `"${manifest.image.sha256}"`,
      size: manifest.image.size,
      contentType: imageType,
      async open (range, signal) {
        const image = await openImage(
          { store, key, codec, opener, object: manifest.object, image: manifest.image },
          signal
        )
        return range === undefined ? image : joined(image, slice(range))
      }
    }
  }
  const { object } = manifest
  const { size } = await store.stat(key, AbortSignal.timeout(PATIENCE))
  const difference = mismatch({ size, sha256: object.sha256 }, object, 'the object')
  if (difference !== undefined) throw difference
  return {
    fileName: name,
    store: store.name,
    etag: `"${object.sha256}"`,
    size,
    contentType: backup.encryption !== 'none'
      ? UNKNOWN_TYPE
      : backup.compression === 'none'
      ? imageType
      : COMPRESSED_TYPES[backup.compression],
    async open (range, signal) {
      const isPart = range !== undefined && !(range.start === 0 && range.end === size - 1)
      if (isPart) return await ranges.open({ store, key }, object, range, signal)
      return joined(await store.get(key, undefined, signal), digestCheck(object, 'the object'))
    }
  }
}
