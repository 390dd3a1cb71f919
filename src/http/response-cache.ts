import type { Clock } from '../core/clock.ts'

/** What all of them together may take. */
const ENTRIES = 200
const BYTES = 8 * 1024 * 1024
/** Ages in seconds are part of some answers. */
const FRESH_MS = 1000
/**
 * Up to here a body goes out as text, in one piece with its headers; a longer one would be copied for that at each
 * answer.
 */
const SHORT = 4096

type Body = string | Buffer

interface Page {
  readonly version: string
  readonly madeAt: number
  readonly body: Body | Promise<Body>
}

/**
 * Answers as they were sent, so that reading costs no more than sending. A body is given again as long as nothing that
 * a reader could see has changed (`version`) and it is younger than a second; callers that want the same at once
 * share the making of it. The ones unused for longest make room.
 */
export class ResponseCache {
  readonly #version: () => string
  readonly #clock: Clock
  readonly #pages = new Map<string, Page>()
  #bytes = 0

  constructor (version: () => string, clock: Clock) {
    this.#version = version
    this.#clock = clock
  }

  /** The body for `key`, made by `make` where none is fresh. A `make` that rejects leaves nothing behind. */
  body (key: string, make: () => Promise<string>): Body | Promise<Body> {
    // Read before the body is made: a change meanwhile then makes it stale at once.
    const version = this.#version()
    const now = this.#clock.now().getTime()
    const known = this.#pages.get(key)
    if (known !== undefined && known.version === version && now >= known.madeAt && now - known.madeAt < FRESH_MS) {
      this.#pages.delete(key)
      this.#pages.set(key, known)
      return known.body
    }
    const making = { version, madeAt: now, body: make().then(text => text.length <= SHORT ? text : Buffer.from(text)) }
    this.#put(key, making)
    return this.#finish(key, making)
  }

  async #finish (key: string, making: Page): Promise<Body> {
    try {
      const body = await making.body
      if (this.#pages.get(key) === making) this.#put(key, { ...making, body })
      return body
    } catch (error) {
      if (this.#pages.get(key) === making) this.#drop(key)
      throw error
    }
  }

  #put (key: string, page: Page): void {
    this.#drop(key)
    this.#pages.set(key, page)
    this.#bytes += sizeOf(page)
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= ENTRIES && this.#bytes <= BYTES) return
      this.#drop(oldest)
    }
  }

  #drop (key: string): void {
    const page = this.#pages.get(key)
    if (page === undefined) return
    this.#pages.delete(key)
    this.#bytes -= sizeOf(page)
  }
}

function sizeOf ({ body }: Page): number {
  return body instanceof Promise ? 0 : Buffer.byteLength(body)
}
