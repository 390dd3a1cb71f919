import type { Manifest } from '../../core/backup/manifest.ts'
import type { Store } from '../../core/ports/store.ts'
import type { PlainImage } from '../../core/restore/restore.ts'
import { mismatch } from '../../pipeline/digest.ts'
import { digestObject } from '../../pipeline/read-object.ts'
import type { EngineDeps } from '../deps.ts'
import { isStoredPlain } from './decryption.ts'
import { checkScratch } from './free-space.ts'
import { unpackObject, type Progress } from './verify-object.ts'

export interface ImageDeps extends Pick<EngineDeps, 'codecs' | 'keyring' | 'scratch' | 'diskReserve'> {
  /** Where the object is. */
  readonly store: Store
}

export interface PlainRequest {
  readonly key: string
  readonly manifest: Manifest
  /**
   * Whether `work` needs a file of our own, because it does not compare what it reads with the digest: others may
   * change a stored file after it was proven. The copy is made and compared with the digest in one pass.
   */
  readonly isOwn: boolean
}

/**
 * Lets `work` use the plain bytes of a backup as a file: the stored one where it is that and `isOwn` is false,
 * otherwise one in scratch space, compared with its digest on the way there, and removed whatever happens. The bytes of
 * a stored file are not read here. Rejects with `CHECKSUM_MISMATCH`, `DECODE_FAILED`, `KEY_MISSING`, `DISK_FULL`, or
 * what the store or `work` rejects with.
 */
export async function withPlainImage<T> (
  deps: ImageDeps,
  { key, manifest, isOwn }: PlainRequest,
  task: Progress,
  work: (image: PlainImage) => Promise<T>
): Promise<T> {
  const { image } = manifest
  const { properties } = manifest.facts
  const file = !isOwn && isStoredPlain(manifest) ? await deps.store.file(key, task.signal) : undefined
  if (file !== undefined) return await work({ path: file, sha256: image.sha256, properties })
  await checkScratch(deps, image.size)
  task.phase('unpacking', image.size)
  return await unpackObject(deps, { key, manifest }, task, path => work({ path, sha256: image.sha256, properties }))
}

/**
 * Throws `CHECKSUM_MISMATCH` where a backup that is stored as it is is not what was stored; those that are unpacked are
 * looked at on the way.
 */
export async function requireDigest (
  deps: Pick<ImageDeps, 'store'>,
  { key, manifest }: { readonly key: string, readonly manifest: Manifest },
  task: Progress
): Promise<void> {
  if (!isStoredPlain(manifest)) return
  task.phase('verifying', manifest.object.size)
  const difference = mismatch(
    await digestObject(deps.store, key, bytes => {
      task.bytes(bytes)
    }, task.signal),
    manifest.object,
    'the file'
  )
  if (difference !== undefined) throw difference
}
