import type { Readable } from 'node:stream'
import type { NamedFile } from '../../core/ports/query.ts'
import { writeFully } from './pages.ts'

/** Bytes of a path: more than any file system allows, and than the list of a directory can contain. */
export const PATH_LIMIT = 32 * 1024

const DIGEST = 32
/** A byte for what the record has, and four for the length of the path. */
const HEADER = 5
const [NO_FILE, PATH, PATH_WITH_DIGEST] = [0, 1, 2]
const BUFFER = 64 * 1024

/** Writes what `readRecords` reads, in blocking calls. */
export class RecordWriter {
  readonly #fd: number
  readonly #buffer = Buffer.allocUnsafe(BUFFER)
  #used = 0

  constructor (fd: number) {
    this.#fd = fd
  }

  /** A path has at most `PATH_LIMIT` bytes. */
  write ({ path, sha256 }: NamedFile): void {
    const length = HEADER + (path?.length ?? 0) + (sha256 === null ? 0 : DIGEST)
    if (this.#used + length > BUFFER) this.end()
    const record = this.#buffer.subarray(this.#used, this.#used + length)
    record.writeUInt8(path === null ? NO_FILE : sha256 === null ? PATH : PATH_WITH_DIGEST)
    record.writeUInt32LE(path?.length ?? 0, 1)
    path?.copy(record, HEADER)
    if (sha256 !== null) record.write(sha256, length - DIGEST, 'hex')
    this.#used += length
  }

  /** Writes what is left. */
  end (): void {
    writeFully(this.#fd, this.#buffer.subarray(0, this.#used))
    this.#used = 0
  }
}

/** The records of a stream; one that is cut off at its end is left out. Throws what the stream errors with. */
export async function* readRecords (stream: Readable): AsyncGenerator<NamedFile, void> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    while (bytes.length - at >= HEADER) {
      const kind = bytes.readUInt8(at)
      const end = at + HEADER + bytes.readUInt32LE(at + 1)
      const next = end + (kind === PATH_WITH_DIGEST ? DIGEST : 0)
      if (next > bytes.length) break
      yield {
        path: kind === NO_FILE ? null : bytes.subarray(at + HEADER, end),
        sha256: kind === PATH_WITH_DIGEST ? bytes.toString('hex', end, next) : null
      }
      at = next
    }
    rest = bytes.subarray(at)
  }
}
