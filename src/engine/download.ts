import { Transform, compose } from 'node:stream'
import { fileName } from '../core/object-key.ts'
import type { Compression } from '../core/stage.ts'
import type { ByteRange } from '../core/store.ts'
import { digestCheck } from '../pipeline/digest.ts'
import { openImage } from '../pipeline/read-object.ts'
import type { EngineDeps } from './deps.ts'
import type { Download } from './engine.ts'
import { recordedManifest } from './objects.ts'
import { requireObject } from './verify.ts'

const CONTENT_TYPES: Readonly<Record<Compression, string>> = { none: 'application/vnd.sqlite3', gzip: 'application/gzip', zstd: 'application/zstd' }

/** The stored artifact, or its plain image. Throws `BACKUP_NOT_COMPLETED`, `BACKUP_DELETED`, or what the store throws. */
export async function openDownload (deps: EngineDeps, id: number, decoded: boolean): Promise<Download> {
  const backup = await deps.catalog.backups.get(id)
  requireObject(backup)
  const manifest = await recordedManifest(deps, id)
  const codec = deps.codecs[backup.compression]
  const name = fileName(backup.key)
  const { store } = deps

  if (decoded && codec !== null) {
    return {
      fileName: name.slice(0, -codec.extension.length),
      etag: `"${manifest.image.sha256}"`,
      size: manifest.image.size,
      contentType: CONTENT_TYPES.none,
      async open (range, signal) {
        const image = await openImage({ store, key: backup.key, codec, object: manifest.object, image: manifest.image }, signal)
        return range === undefined ? image : compose(image, slice(range))
      }
    }
  }
  await store.stat(backup.key, AbortSignal.timeout(10_000))
  return {
    fileName: name,
    etag: `"${manifest.object.sha256}"`,
    size: manifest.object.size,
    contentType: CONTENT_TYPES[backup.compression],
    async open (range, signal) {
      const stored = await store.get(backup.key, range, signal)
      return range === undefined ? compose(stored, digestCheck(manifest.object, 'the object')) : stored
    }
  }
}

/** Lets only the bytes of `range` through. */
function slice ({ start, end }: ByteRange): Transform {
  let at = 0
  return new Transform({
    transform (chunk: Buffer, _encoding, done) {
      const part = chunk.subarray(Math.max(0, start - at), Math.max(0, end + 1 - at))
      at += chunk.length
      done(null, part.length > 0 ? part : undefined)
    }
  })
}
