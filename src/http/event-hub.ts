import type { ServerResponse } from 'node:http'
import type { Clock } from '../core/clock.ts'

const HEARTBEAT_MS = 15_000
/** Bytes that may wait for one reader; one that is further behind is let go, and may come back. */
const BACKLOG = 256 * 1024

type Response = Pick<ServerResponse, 'write' | 'end' | 'destroy' | 'on' | 'writableLength' | 'writableNeedDrain'>

interface Reader {
  readonly response: Response
  /** When its token ends, in milliseconds since 1970. */
  readonly expiresAt: number | undefined
}

/**
 * Writes server-sent events to whoever listens. It never waits for a reader: one that cannot keep up first loses what is
 * soon out of date (`passing`), then its connection. A comment every 15 seconds keeps connections open and finds
 * those that are dead.
 */
export class EventHub {
  readonly #clock: Clock
  readonly #readers = new Set<Reader>()
  readonly #heartbeat: NodeJS.Timeout
  #isClosed = false

  constructor (clock: Clock) {
    this.#clock = clock
    this.#heartbeat = setInterval(() => { this.#beat() }, HEARTBEAT_MS).unref()
  }

  get size (): number {
    return this.#readers.size
  }

  /** Takes over a response whose head is already written. */
  add (response: Response, expiresAt: number | undefined): void {
    const reader = { response, expiresAt }
    response.on('close', () => { this.#readers.delete(reader) })
    // A broken connection shows itself by `close`, too.
    response.on('error', () => { this.#readers.delete(reader) })
    if (this.#isClosed) {
      response.end()
      return
    }
    this.#readers.add(reader)
    response.write('retry: 3000\n: connected\n\n')
  }

  send (name: string, data: () => object, passing: boolean): void {
    if (this.#readers.size === 0) return
    const text = `event: ${name}\ndata: ${JSON.stringify(data())}\n\n`
    for (const reader of this.#readers) {
      if (!passing || !reader.response.writableNeedDrain) this.#write(reader, text)
    }
  }

  /** Ends every stream; one that is not being read is cut. */
  close (): void {
    this.#isClosed = true
    clearInterval(this.#heartbeat)
    for (const { response } of this.#readers) {
      if (response.writableNeedDrain) response.destroy()
      else response.end()
    }
    this.#readers.clear()
  }

  #beat (): void {
    const now = this.#clock.now().getTime()
    for (const reader of this.#readers) {
      if (reader.expiresAt !== undefined && reader.expiresAt <= now) reader.response.end()
      else this.#write(reader, ': heartbeat\n\n')
    }
  }

  #write (reader: Reader, text: string): void {
    const { response } = reader
    response.write(text)
    if (response.writableLength <= BACKLOG) return
    this.#readers.delete(reader)
    response.destroy()
  }
}
