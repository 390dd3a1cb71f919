import type { Readable } from 'node:stream'
import { requirePart, type Manifest } from '../../core/backup/manifest.ts'
import { fileName } from '../../core/backup/object-key.ts'
import { BackupError } from '../../core/errors.ts'
import type { Compression } from '../../core/ports/codec.ts'
import { SEAL_EXTENSIONS } from '../../core/ports/encryption.ts'
import { ALL_PARTS, MAIN, UNKNOWN_TYPE, contentTypeOf, type PartRecord } from '../../core/ports/part.ts'
import type { ByteRange } from '../../core/ports/store.ts'
import { slice } from '../../pipeline/digest.ts'
import { joined } from '../../pipeline/joined.ts'
import { openImage } from '../../pipeline/read-object.ts'
import { isStoredPlain, requireOpener } from '../artifacts/decryption.ts'
import { partKey } from '../artifacts/images.ts'
import { readableLocation, type ObjectLocation } from '../artifacts/locations.ts'
import { trustedManifest, requireObject } from '../artifacts/objects.ts'
import type { VerifiedRanges } from '../artifacts/verified-ranges.ts'
import type { EngineDeps } from '../deps.ts'
import { PATIENCE, openStored, partsArchive, requireStored } from './parts-archive.ts'

export interface DownloadRequest {
  /** Decrypted and decompressed. */
  readonly decoded: boolean
  /** The name of a part, or `all` for a tar of all of them as they are stored, and the manifest. Default: `main`. */
  readonly part?: string | undefined
}

export interface Download {
  readonly fileName: string
  /** Name of the store that it is read from. */
  readonly store: string
  /** Strong validator: it goes by the digests of the bytes that `open` would give without a range. */
  readonly etag: string
  /** Length of the whole, in bytes. */
  readonly size: number
  readonly contentType: string
  /** false: `open` takes no range. */
  readonly hasRanges: boolean
  /**
   * Opens the bytes, without a range all of them. The last of them come only once everything is proven, so that a
   * reader who counts never has all of something that is wrong; of a part of a stored object nothing comes that is not
   * proven. Rejects, or errors, with `CHECKSUM_MISMATCH`, `DECODE_FAILED`, or what the store rejects with.
   */
  open(range: ByteRange | undefined, signal: AbortSignal): Promise<Readable>
}

const COMPRESSED_TYPES: Readonly<Record<Exclude<Compression, 'none'>, string>> = {
  gzip: 'application/gzip',
  zstd: 'application/zstd'
}

/**
 * One part as it is stored, or its plain image, or all parts, from the nearest store that has them. Throws
 * `BACKUP_NOT_COMPLETED`, `BACKUP_DELETED`, `PART_NOT_FOUND`, `VALIDATION_FAILED` for all parts decoded, `KEY_MISSING`
 * for the image of one that is sealed, `CHECKSUM_MISMATCH` where a stored object has another length than it must have,
 * or what the store throws.
 */
export async function openDownload (
  deps: EngineDeps,
  ranges: VerifiedRanges,
  id: number,
  { decoded, part: wanted = MAIN }: DownloadRequest
): Promise<Download> {
  const backup = await deps.catalog.backups.get(id)
  requireObject(backup)
  const manifest = await trustedManifest(deps, id)
  if (wanted === ALL_PARTS && decoded) {
    throw new BackupError('VALIDATION_FAILED', 'all parts together can only be downloaded as stored', {
      hint: 'Omit "decoded", or request one part at a time.'
    })
  }
  const part = wanted === ALL_PARTS ? undefined : requirePart(manifest, wanted)
  const location = await readableLocation(deps, backup, AbortSignal.timeout(PATIENCE))
  if (part === undefined) {
    const archive = await partsArchive(location, manifest)
    return {
      ...archive,
      store: location.store.name,
      contentType: contentTypeOf('tar'),
      hasRanges: false,
      open: async (_range, signal) => archive.open(signal)
    }
  }
  const own: OwnPart = {
    store: location.store,
    key: partKey(location.key, manifest, part),
    manifest,
    part,
    name: part.name === MAIN ? fileName(backup.key) : part.object.name,
    imageType: imageTypeOf(deps, manifest, part)
  }
  return decoded && !isStoredPlain({ ...manifest, compression: part.compression })
    ? decodedDownload(deps, own)
    : await storedDownload(ranges, own)
}

interface OwnPart extends ObjectLocation {
  readonly manifest: Manifest
  readonly part: PartRecord
  /** Of the stored file. */
  readonly name: string
  readonly imageType: string
}

/** The kind knows its main part; the others have formats that kinds share. */
function imageTypeOf ({ kinds }: EngineDeps, { source }: Manifest, { name, format }: PartRecord): string {
  return name === MAIN ? kinds.get(source.kind)?.contentType ?? UNKNOWN_TYPE : contentTypeOf(format)
}

function decodedDownload (deps: EngineDeps, { store, key, manifest, part, name, imageType }: OwnPart): Download {
  const { object, image, compression } = part
  const codec = deps.codecs[compression]
  const opener = requireOpener(deps.keyring, manifest)
  const added = (codec?.extension ?? '') + (manifest.encryption === 'none' ? '' : SEAL_EXTENSIONS[manifest.encryption])
  return {
    fileName: name.slice(0, -added.length),
    store: store.name,
    etag: `"${image.sha256}"`,
    size: image.size,
    contentType: imageType,
    hasRanges: true,
    async open (range, signal) {
      const plain = await openImage({ store, key, codec, opener, object, image }, signal)
      return range === undefined ? plain : joined(plain, slice(range))
    }
  }
}

async function storedDownload (ranges: VerifiedRanges, own: OwnPart): Promise<Download> {
  const { store, manifest: { encryption }, part: { object, compression }, name, imageType } = own
  await requireStored(own, object)
  return {
    fileName: name,
    store: store.name,
    etag: `"${object.sha256}"`,
    size: object.size,
    contentType: encryption !== 'none'
      ? UNKNOWN_TYPE
      : compression === 'none'
      ? imageType
      : COMPRESSED_TYPES[compression],
    hasRanges: true,
    async open (range, signal) {
      const isPart = range !== undefined && !(range.start === 0 && range.end === object.size - 1)
      return isPart ? await ranges.open(own, object, range, signal) : await openStored(own, object, signal)
    }
  }
}
