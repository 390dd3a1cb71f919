const SKIPPABLE_MAGIC = 0x184d2a5e
const SEEKABLE_MAGIC = 0x8f92eab1
/** Bytes at the end of the table, from which its length can be computed. */
export const FOOTER = 9

/** Bytes of the head of a skippable frame: magic number, and length of the content. */
const HEAD = 8
/** Bytes of one entry without a checksum. */
const ENTRY = 8

interface Entry {
  compressed: number
  readonly plain: number
}

/**
 * Where each frame starts, as the last, skippable frame: the "zstd seekable format" 0.1.1, without checksums. Decoders
 * that do not know it pass over it.
 */
export class SeekTable {
  readonly #entries: Entry[] = []

  /** Adds a frame in order; its compressed length is filled in when it is known. */
  reserve (plain: number): Entry {
    const entry = { compressed: 0, plain }
    this.#entries.push(entry)
    return entry
  }

  toFrame (): Buffer {
    const content = this.#entries.length * ENTRY + FOOTER
    const frame = Buffer.alloc(HEAD + content)
    frame.writeUInt32LE(SKIPPABLE_MAGIC, 0)
    frame.writeUInt32LE(content, 4)
    let at = HEAD
    for (const { compressed, plain } of this.#entries) {
      frame.writeUInt32LE(compressed, at)
      frame.writeUInt32LE(plain, at + 4)
      at += ENTRY
    }
    frame.writeUInt32LE(this.#entries.length, at)
    frame.writeUInt8(0, at + 4)
    frame.writeUInt32LE(SEEKABLE_MAGIC, at + 5)
    return frame
  }
}

/** Bytes of the whole frame of a table with this footer; undefined: there is no table that `SeekTable` has written. */
export function seekTableLength (footer: Buffer): number | undefined {
  if (footer.length !== FOOTER || footer.readUInt32LE(5) !== SEEKABLE_MAGIC || footer[4] !== 0) return undefined
  return HEAD + footer.readUInt32LE(0) * ENTRY + FOOTER
}

/** Where a piece of plain bytes is among the frames. */
export interface SoughtFrames {
  /** Of the frames that have it: the first byte, and the last one. */
  readonly start: number
  readonly end: number
  /** The first plain byte of these frames. */
  readonly plainStart: number
}

/**
 * The frames with the plain bytes `start` to `end`, both included; undefined: the table does not have them. `frame` is
 * the whole frame of the table.
 */
export function seek (
  frame: Buffer,
  { start, end }: { readonly start: number, readonly end: number }
): SoughtFrames | undefined {
  if (frame.readUInt32LE(0) !== SKIPPABLE_MAGIC || frame.readUInt32LE(4) !== frame.length - HEAD) return undefined
  let [compressed, plain] = [0, 0]
  let first: { readonly start: number, readonly plainStart: number } | undefined
  for (let at = HEAD; at < frame.length - FOOTER; at += ENTRY) {
    const [compressedEnd, plainEnd] = [compressed + frame.readUInt32LE(at), plain + frame.readUInt32LE(at + 4)]
    if (plainEnd > start) first ??= { start: compressed, plainStart: plain }
    if (plainEnd > end && first !== undefined) return { ...first, end: compressedEnd - 1 }
    compressed = compressedEnd
    plain = plainEnd
  }
  return undefined
}
