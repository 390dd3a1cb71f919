import { Transform } from 'node:stream'
import { freeChunk } from '../files/own-chunk.ts'

/** Turns blocks into their converted form side by side, and gives them out in the order in which they came. */
export interface OrderedWork<Block> {
  /** Called for each block as it comes; at most `concurrency` are under way. */
  readonly convert: (block: Block) => Promise<Buffer>
  readonly concurrency: number
}

/**
 * Keeps conversions in order and bounded. `add` resolves once there is room for another; `drain` once all are out.
 * After an error of one of them both reject with it.
 */
export class OrderedConversions<Block> {
  readonly #work: OrderedWork<Block>
  readonly #push: (converted: Buffer) => void
  readonly #pending: Array<Promise<Buffer>> = []

  constructor (work: OrderedWork<Block>, push: (converted: Buffer) => void) {
    this.#work = work
    this.#push = push
  }

  async add (block: Block): Promise<void> {
    const converted = this.#work.convert(block)
    // Whoever awaits it below sees the rejection; until then it must not count as unhandled.
    converted.catch(() => {})
    this.#pending.push(converted)
    while (this.#pending.length >= this.#work.concurrency) await this.#shift()
  }

  async drain (): Promise<void> {
    while (this.#pending.length > 0) await this.#shift()
  }

  async #shift (): Promise<void> {
    const converted = this.#pending.shift()
    if (converted !== undefined) this.#push(await converted)
  }
}

/**
 * A stage that cuts the stream into blocks of `blockSize` bytes (the last may be shorter) and converts them side by
 * side. It frees each chunk that only the stream refers to (`ownChunk`). `close` is called once, whether the stage ends
 * or is destroyed.
 */
export function blockStage (work: OrderedWork<Buffer> & {
  readonly blockSize: number
  readonly tail?: () => Buffer
  readonly close?: () => void
}): Transform {
  const { blockSize } = work
  const spare: Buffer[] = []
  let block: Buffer = Buffer.allocUnsafeSlow(blockSize)
  let filled = 0
  let blocks = 0
  const stage = new Transform({
    transform (chunk: Buffer, _encoding, done) {
      fill(chunk).then(() => {
        done()
      }, done)
    },
    flush (done) {
      finish().then(() => {
        done()
      }, done)
    },
    destroy (error, done) {
      work.close?.()
      done(error)
    }
  })
  // Blocks are used again: made anew, they would keep the garbage collector busier than the codec.
  const convert = async (full: Buffer): Promise<Buffer> => {
    const converted = await work.convert(full)
    spare.push(full)
    return converted
  }
  const conversions = new OrderedConversions({ concurrency: work.concurrency, convert }, converted => {
    stage.push(converted)
  })

  async function fill (chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length;) {
      const n = chunk.copy(block, filled, at)
      at += n
      filled += n
      if (filled === blockSize) await emit()
    }
    freeChunk(chunk)
  }

  async function emit (): Promise<void> {
    const full = filled === blockSize ? block : block.subarray(0, filled)
    block = spare.pop() ?? Buffer.allocUnsafeSlow(blockSize)
    filled = 0
    blocks++
    await conversions.add(full)
  }

  async function finish (): Promise<void> {
    if (filled > 0 || blocks === 0) await emit()
    await conversions.drain()
    if (work.tail !== undefined) stage.push(work.tail())
  }

  return stage
}
