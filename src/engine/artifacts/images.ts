import { createReadStream } from 'node:fs'
import { finished, type Readable } from 'node:stream'
import { finished as finishedStream } from 'node:stream/promises'
import { partsOf, requirePart, type Manifest } from '../../core/backup/manifest.ts'
import { siblingKey } from '../../core/backup/object-key.ts'
import { BackupError } from '../../core/errors.ts'
import type { Opener } from '../../core/ports/encryption.ts'
import type { PlainImages } from '../../core/ports/images.ts'
import { MAIN, type PartRecord } from '../../core/ports/part.ts'
import type { ByteRange, Store } from '../../core/ports/store.ts'
import { openImage } from '../../pipeline/read-object.ts'
import { rangeReader, type RangeReader } from '../../pipeline/read-range.ts'
import type { ScratchFile } from '../../pipeline/scratch.ts'
import type { EngineDeps } from '../deps.ts'
import { isStoredPlain, requireOpener } from './decryption.ts'

export interface ImagesDeps extends Pick<EngineDeps, 'codecs' | 'keyring' | 'scratch'> {
  /** The store that the backup is read from. */
  readonly store: Store
}

export interface ImagesRequest {
  /** Of the main part in the store. */
  readonly key: string
  readonly manifest: Manifest
  /** By the name of the part: what decrypts it. Default: what the keyring has. */
  readonly openers?: ReadonlyMap<string, Opener> | undefined
  /**
   * Whether a file must be one of this process: others may change a stored file after it was verified. Then it is
   * copied, and compared with its digests in the same pass.
   */
  readonly isOwn: boolean
  /** Asked before so many bytes are unpacked; throws `DISK_FULL`. */
  readonly requireRoom?: ((bytes: number) => Promise<void>) | undefined
  /** Called before a part of so many plain bytes is unpacked to a file. */
  readonly onUnpack?: ((bytes: number) => void) | undefined
  /** Called with the plain bytes of all parts read so far. */
  readonly onBytes?: ((bytes: number) => void) | undefined
}

/** The key of a part in the store that has the main one under `key`. */
export function partKey (key: string, manifest: Manifest, { object }: PartRecord): string {
  return object === manifest.object ? key : siblingKey(key, object.name)
}

/** The images of one backup in one store. `close` removes the files that were unpacked. */
export class Images implements PlainImages {
  readonly #deps: ImagesDeps
  readonly #request: ImagesRequest
  readonly #files = new Map<string, Promise<string>>()
  readonly #unpacked: ScratchFile[] = []
  readonly #ranges = new Map<string, RangeReader>()
  readonly #read = new Set<string>()
  readonly #bytes = new Map<string, number>()
  #unpacking = 0

  constructor (deps: ImagesDeps, request: ImagesRequest) {
    this.#deps = deps
    this.#request = request
  }

  async open (name: string, signal: AbortSignal): Promise<Readable> {
    const part = requirePart(this.#request.manifest, name)
    const { key, manifest, openers, onBytes } = this.#request
    const image = await openImage({
      store: this.#deps.store,
      key: partKey(key, manifest, part),
      codec: this.#deps.codecs[part.compression],
      opener: openers?.get(name) ?? requireOpener(this.#deps.keyring, manifest),
      object: part.object,
      image: part.image,
      onBytes: bytes => {
        this.#bytes.set(name, bytes)
        onBytes?.([...this.#bytes.values()].reduce((sum, one) => sum + one, 0))
      }
    }, signal)
    finished(image, error => {
      if (error == null) this.#read.add(name)
    })
    return image
  }

  async range (name: string, range: ByteRange, signal: AbortSignal): Promise<Readable | null> {
    const { key, manifest } = this.#request
    if (manifest.encryption !== 'none') return null
    const part = requirePart(manifest, name)
    let read = this.#ranges.get(name)
    if (read === undefined) {
      read = rangeReader({
        store: this.#deps.store,
        key: partKey(key, manifest, part),
        size: part.object.size,
        codec: this.#deps.codecs[part.compression]
      })
      this.#ranges.set(name, read)
    }
    return await read(range, signal)
  }

  async file (name: string, signal: AbortSignal): Promise<string> {
    const known = this.#files.get(name)
    if (known !== undefined) return await known
    const file = this.#fileOf(requirePart(this.#request.manifest, name), signal)
    this.#files.set(name, file)
    return await file
  }

  /** Milliseconds that unpacking parts to files has taken so far. */
  get unpacking (): number {
    return this.#unpacking
  }

  /** Reads the parts that no caller has read to their end, so that every one of them was compared with its digests. */
  async readRest (signal: AbortSignal): Promise<void> {
    for (const { name } of partsOf(this.#request.manifest)) {
      if (this.#read.has(name)) continue
      await finishedReading(await this.open(name, signal))
    }
  }

  async close (): Promise<void> {
    await Promise.allSettled(this.#files.values())
    for (const { remove } of this.#unpacked) await remove()
  }

  async #fileOf (part: PartRecord, signal: AbortSignal): Promise<string> {
    const { key, manifest, isOwn, requireRoom, onUnpack } = this.#request
    if (!isOwn && isStoredPlain({ ...manifest, compression: part.compression })) {
      const stored = await this.#deps.store.file(partKey(key, manifest, part), signal)
      if (stored !== undefined) {
        this.#read.add(part.name)
        return stored
      }
    }
    await requireRoom?.(part.image.size)
    onUnpack?.(part.image.size)
    const begun = performance.now()
    const file = await this.#deps.scratch.file(await this.open(part.name, signal), signal)
    this.#unpacked.push(file)
    this.#unpacking += performance.now() - begun
    return file.path
  }
}

/** Reads the stream to its end. Rejects with the error that ends it. */
async function finishedReading (image: Readable): Promise<void> {
  image.resume()
  await finishedStream(image)
}

/** The images of a backup of which only one plain file is available: its main part. Others are `PART_NOT_FOUND`. */
export function fileImages (path: string): PlainImages {
  const file = async (name: string): Promise<string> => {
    if (name === MAIN) return path
    throw new BackupError('PART_NOT_FOUND', `part "${name}" is not available: there is only the file "${path}"`, {
      hint: 'Put the file with its manifest and its other parts into one directory.'
    })
  }
  return { file, open: async name => createReadStream(await file(name)) }
}

/**
 * Lets `work` use the images, and removes what was unpacked for it, whatever happens. Rejects with what `work` does, or
 * with the reason of `signal` once that is aborted.
 */
export async function withImages<T> (
  deps: ImagesDeps,
  request: ImagesRequest,
  work: (images: Images) => Promise<T>,
  signal: AbortSignal
): Promise<T> {
  const images = new Images(deps, request)
  try {
    return await work(images)
  } catch (thrown) {
    throw signal.aborted ? signal.reason : thrown
  } finally {
    await images.close()
  }
}
