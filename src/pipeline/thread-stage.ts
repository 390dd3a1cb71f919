import { Duplex } from 'node:stream'
import { Worker } from 'node:worker_threads'
import { systemCode } from '../core/errors.ts'
import { derivationTurn } from './derivation.ts'

/** What the thread tells. `taken`: it has begun with the chunk that it was sent last, and the next one may come. */
export type FromThread =
  | { readonly type: 'taken' }
  | { readonly type: 'bytes', readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'turnWanted' }
  | { readonly type: 'turnIsOver' }
  | { readonly type: 'end' }
  | { readonly type: 'failed', readonly why: string, readonly message: string }

/**
 * What the thread is told. `wanted`: somebody waits for its next bytes; it sends none without. `turn`: it may derive a
 * key now.
 */
export type ToThread =
  | { readonly type: 'chunk', readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'end' }
  | { readonly type: 'wanted' }
  | { readonly type: 'turn' }

export interface ThreadWork {
  /** The module that the thread runs. */
  readonly entry: URL
  /** Given to it as its `workerData`. */
  readonly work: unknown
  /**
   * The error for what the thread says it failed with; `memory`: it needed more than it is given; `stuck`: it ended
   * before its work did.
   */
  readonly toError: (failure: Extract<FromThread, { readonly type: 'failed' }>) => Error
}

/** A thread needs little more than the chunk it is at; what it hoards is a fault. In MiB. */
const LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 8 }

/**
 * A stage whose work is done by a thread of its own, which lives no longer than the stage. One chunk is on its way in
 * each direction at most. An aborted stage ends its thread, whatever that is at.
 */
export function threadStage ({ entry, work, toError }: ThreadWork): Duplex {
  let thread: Worker
  let taken: (() => void) | undefined
  let turnIsOver = (): void => {}
  let isOver = false
  const tell = (message: ToThread, transfer: ArrayBuffer[] = []): void => {
    thread.postMessage(message, transfer)
  }

  async function waitForTurn (stage: Duplex): Promise<void> {
    const over = await derivationTurn()
    // Its stage may have ended while it waited.
    if (stage.destroyed) {
      over()
      return
    }
    turnIsOver = over
    tell({ type: 'turn' })
  }

  function hear (stage: Duplex, message: FromThread): void {
    switch (message.type) {
      case 'taken':
        taken?.()
        break
      case 'turnWanted':
        void waitForTurn(stage)
        break
      case 'turnIsOver':
        turnIsOver()
        break
      case 'bytes':
        stage.push(Buffer.from(message.bytes.buffer, message.bytes.byteOffset, message.bytes.byteLength))
        break
      case 'end':
        isOver = true
        stage.push(null)
        break
      case 'failed':
        isOver = true
        stage.destroy(toError(message))
        break
    }
  }

  return new Duplex({
    construct (done) {
      // No argument of the process is passed on: some are not for threads.
      thread = new Worker(entry, { workerData: work, execArgv: [], resourceLimits: LIMITS })
      thread.on('message', (message: FromThread) => {
        hear(this, message)
      })
      thread.on('error', error => {
        const given = error instanceof Error ? error : new Error(String(error))
        this.destroy(
          systemCode(given) === 'ERR_WORKER_OUT_OF_MEMORY'
            ? toError({ type: 'failed', why: 'memory', message: given.message })
            : given
        )
      })
      thread.on('exit', () => {
        if (!isOver) {
          this.destroy(
            toError({
              type: 'failed',
              why: 'stuck',
              message: 'the thread ended before its work was finished'
            })
          )
        }
      })
      done()
    },
    write (chunk: Buffer, _encoding, done) {
      // The chunk may lie in memory that others use as well; what is sent away is gone here.
      const bytes = new Uint8Array(chunk)
      taken = done
      tell({ type: 'chunk', bytes }, [bytes.buffer])
    },
    final (done) {
      tell({ type: 'end' })
      done()
    },
    read () {
      tell({ type: 'wanted' })
    },
    destroy (error, done) {
      thread.terminate().finally(turnIsOver).then(() => {
        done(error)
      }, done)
    }
  })
}
