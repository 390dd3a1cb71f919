const SKIPPABLE_MAGIC = 0x184d2a5e
const SEEKABLE_MAGIC = 0x8f92eab1
const FOOTER = 9

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
    const content = this.#entries.length * 8 + FOOTER
    const frame = Buffer.alloc(8 + content)
    frame.writeUInt32LE(SKIPPABLE_MAGIC, 0)
    frame.writeUInt32LE(content, 4)
    let at = 8
    for (const { compressed, plain } of this.#entries) {
      frame.writeUInt32LE(compressed, at)
      frame.writeUInt32LE(plain, at + 4)
      at += 8
    }
    frame.writeUInt32LE(this.#entries.length, at)
    frame.writeUInt8(0, at + 4)
    frame.writeUInt32LE(SEEKABLE_MAGIC, at + 5)
    return frame
  }
}
