import type { Readable } from 'node:stream'
import type { ByteRange } from './store.ts'

/** The plain bytes of the parts of one stored backup, whichever store has them. */
export interface PlainImages {
  /**
   * The part as a stream, which errors at its end, if not before, unless stored and plain bytes are exactly those of
   * the manifest: `CHECKSUM_MISMATCH`, `DECODE_FAILED`. It takes no scratch space. Throws `PART_NOT_FOUND`,
   * `KEY_MISSING`, or what the store throws.
   */
  open(part: string, signal: AbortSignal): Promise<Readable>
  /**
   * The part as a file, which is there until the work on the backup ends; it is fetched, decrypted and decompressed at
   * most once. Its digests were compared, but those of a file that is used where it is stored. Throws as `open` does,
   * and `DISK_FULL`.
   */
  file(part: string, signal: AbortSignal): Promise<string>
  /**
   * Some of the plain bytes of the part, read from the store without those before them. null: the part is stored in a
   * way that does not allow it, such as encrypted. No digest is compared: the caller must know that of the range.
   * Throws `DECODE_FAILED`, or what the store throws. Images of a single file do not have it.
   */
  range?(part: string, range: ByteRange, signal: AbortSignal): Promise<Readable | null>
}
