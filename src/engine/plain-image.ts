import type { Manifest } from '../core/manifest.ts'
import type { PlainImage } from '../core/restore.ts'
import { openImage } from '../pipeline/read-object.ts'
import type { EngineDeps } from './deps.ts'
import type { Progress } from './prove.ts'

/**
 * Lets `work` use the plain bytes of a backup as a file that nobody changes: the stored one where it is that, otherwise
 * one unpacked into scratch space, held against its digest, and removed whatever happens. The bytes of a stored file are
 * not looked at here. Rejects with `CHECKSUM_MISMATCH`, `DECODE_FAILED`, `DISK_FULL`, or what the store or `work` rejects with.
 */
export async function withPlainImage<T> (deps: Pick<EngineDeps, 'store' | 'codecs' | 'scratch'>, { key, manifest }: { readonly key: string, readonly manifest: Manifest }, task: Progress, work: (image: PlainImage) => Promise<T>): Promise<T> {
  const { object, image, compression } = manifest
  const file = compression === 'none' ? deps.store.file(key) : undefined
  if (file !== undefined) return await work({ path: file, sha256: image.sha256 })
  task.phase('unpacking', image.size)
  const plain = await openImage({ store: deps.store, key, codec: deps.codecs[compression], object, image, onBytes: bytes => { task.bytes(bytes) } }, task.signal)
  return await deps.scratch.withFile(plain, path => work({ path, sha256: image.sha256 }), task.signal)
}
