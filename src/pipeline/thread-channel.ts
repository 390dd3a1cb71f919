import type { MessagePort } from 'node:worker_threads'
import type { FromThread, ToThread } from './thread-stage.ts'

/** The thread's side of a thread stage. */
export interface Channel {
  /** What goes into the stage; read chunk by chunk, no further ahead than one. */
  readonly input: ReadableStream<Uint8Array<ArrayBuffer>>
  /** Resolves once somebody wanted them and they are on their way; what they were in is empty then. */
  send(bytes: Uint8Array<ArrayBuffer>): Promise<void>
  /**
   * Resolves once the thread may derive a key from a passphrase; whoever fails or is ended meanwhile gives the turn
   * back by that.
   */
  turn(): Promise<void>
  turnIsOver(): void
  end(): void
  fail(why: string, message: string): void
}

/** The last of a stream: there is no chunk after it. */
const END = Symbol('end')

/**
 * The port keeps the thread alive only while the thread waits for it. A thread whose work waits for nothing that could
 * come any more (the library for OpenPGP does, where a packet inside a message is none that it knows) ends at once.
 */
export function openChannel (port: MessagePort): Channel {
  let waiters = 0
  const waiting = async <T>(what: Promise<T>): Promise<T> => {
    if (waiters++ === 0) port.ref()
    const given = await what
    if (--waiters === 0) port.unref()
    return given
  }
  const arrived = queue<Uint8Array<ArrayBuffer> | typeof END>()
  const wishes = queue<true>()
  const turns = queue<true>()
  const tell = (message: FromThread, transfer: ArrayBuffer[] = []): void => {
    port.postMessage(message, transfer)
  }
  port.on('message', (message: ToThread) => {
    if (message.type === 'wanted') wishes.add(true)
    else if (message.type === 'turn') turns.add(true)
    else arrived.add(message.type === 'end' ? END : message.bytes)
  })
  port.unref()
  return {
    input: new ReadableStream({
      async pull (controller) {
        const next = await waiting(arrived.next())
        if (next === END) {
          controller.close()
          return
        }
        controller.enqueue(next)
        tell({ type: 'taken' })
      }
    }, { highWaterMark: 0 }),
    async send (bytes) {
      await waiting(wishes.next())
      tell({ type: 'bytes', bytes }, [bytes.buffer])
    },
    async turn () {
      tell({ type: 'turnWanted' })
      await waiting(turns.next())
    },
    turnIsOver () {
      tell({ type: 'turnIsOver' })
    },
    end () {
      tell({ type: 'end' })
      port.close()
    },
    fail (why, message) {
      tell({ type: 'failed', why, message })
      port.close()
    }
  }
}

/** What comes is kept until somebody asks; who asks waits until something comes. One asks at a time. */
function queue<T> (): { add(item: T): void, next(): Promise<T> } {
  const kept: T[] = []
  let waiting: ((item: T) => void) | undefined
  return {
    add (item) {
      if (waiting === undefined) kept.push(item)
      else waiting(item)
      waiting = undefined
    },
    async next () {
      const [first] = kept.splice(0, 1)
      return first ?? await new Promise<T>(resolve => {
        waiting = resolve
      })
    }
  }
}
