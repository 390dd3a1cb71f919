import type { ServerResponse } from 'node:http'
import { BackupError } from '../core/errors.ts'

const HEARTBEAT_MS = 15_000
/** Bytes that may wait for one reader; one that is further behind is let go, and may come back. */
const BACKLOG = 256 * 1024

type Response = Pick<ServerResponse, 'write' | 'end' | 'destroy' | 'on' | 'writableLength' | 'writableNeedDrain'>

/** Streams that one caller may have open at once: a tab of a browser each, and some for programs. */
export const STREAMS = 16

interface Reader {
  readonly response: Response
  /** Whose stream it is. */
  readonly caller: string
  /** Whether its token has ended or was revoked. */
  readonly isOver: () => boolean | Promise<boolean>
}

/**
 * Writes server-sent events to whoever listens. It never waits for a reader: one that cannot keep up first loses what
 * is soon out of date (`passing`), then its connection. A comment every 15 seconds keeps connections open and finds
 * those that are dead, and those whose reader may no longer read.
 */
export class EventHub {
  readonly #readers = new Set<Reader>()
  readonly #heartbeat: NodeJS.Timeout
  #isClosed = false

  constructor () {
    this.#heartbeat = setInterval(() => {
      for (const reader of this.#readers) void this.#beat(reader)
    }, HEARTBEAT_MS).unref()
  }

  get size (): number {
    return this.#readers.size
  }

  /** Throws `STREAM_LIMIT` where the caller has as many streams open as one may have. */
  requireRoom (caller: string): void {
    const open = [...this.#readers].filter(reader => reader.caller === caller).length
    if (open >= STREAMS) {
      throw new BackupError(
        'STREAM_LIMIT',
        `this caller has ${open} open event streams, and the maximum is ${STREAMS}`,
        {
          hint: 'Close a stream first, or give each client a token with its own subject.'
        }
      )
    }
  }

  /** Takes over a response whose head is already written. */
  add (response: Response, caller: string, isOver: Reader['isOver']): void {
    const reader = { response, caller, isOver }
    response.on('close', () => {
      this.#readers.delete(reader)
    })
    // A broken connection shows itself by `close`, too.
    response.on('error', () => {
      this.#readers.delete(reader)
    })
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

  async #beat (reader: Reader): Promise<void> {
    let isOver: boolean
    try {
      isOver = await reader.isOver()
    } catch {
      // Whoever cannot be asked about is let go: with a token that holds they come back.
      isOver = true
    }
    if (!this.#readers.has(reader)) return
    if (isOver) reader.response.end()
    else this.#write(reader, ': heartbeat\n\n')
  }

  #write (reader: Reader, text: string): void {
    const { response } = reader
    response.write(text)
    if (response.writableLength <= BACKLOG) return
    this.#readers.delete(reader)
    response.destroy()
  }
}
