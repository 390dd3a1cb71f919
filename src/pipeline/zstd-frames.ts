import { Transform } from 'node:stream'
import { BackupError } from '../core/errors.ts'
import { OrderedConversions, type OrderedWork } from './ordered.ts'

const MAGIC = 0xfd2fb528
/** Sixteen magic numbers, 0x184D2A50 to …5F, start frames to be passed over. */
const SKIPPABLE_MAGIC = 0x184d2a50
/** Ours hold 2 MiB of plain bytes. A longer frame is not ours, and would have to be held in memory whole. In bytes. */
export const FRAME_LIMIT = 64 * 1024 * 1024

/** So many frames may be as small as they like … */
const SMALL_FRAMES = 4096
/** … beyond that, each must hold so many plain bytes on average: frames that hold nothing would be work without end. */
const LEAST_PER_FRAME = 1024

/** The part of a frame that has been seen; RFC 8878, section 3.1.1. */
interface Scan {
  /** Up to here the frame's structure is known. */
  at: number
  isLastSeen: boolean
  hasChecksum: boolean
  size: number | undefined
}

export interface Frame {
  readonly bytes: Buffer
  /** The plain length that the header promises; undefined where it is silent. */
  readonly size: number | undefined
}

/** A stage that cuts a stream of Zstandard frames into frames and converts them side by side. */
export function frameStage (work: OrderedWork<Frame>): Transform {
  let buffer = Buffer.allocUnsafeSlow(4 * 1024 * 1024)
  let start = 0
  let end = 0
  let scan: Scan | undefined
  let isEmpty = true
  let frames = 0
  let plainBytes = 0
  const stage = new Transform({
    transform (chunk: Buffer, _encoding, done) {
      append(chunk)
      takeFrames().then(() => {
        done()
      }, done)
    },
    flush (done) {
      const rest = end - start
      if (isEmpty) done(damaged('is empty'))
      else if (rest > 0) done(damaged(`ends in the middle of a frame, ${rest} bytes after its start`))
      else {
        conversions.drain().then(() => {
          done()
        }, done)
      }
    }
  })
  const convert = async (frame: Frame): Promise<Buffer> => {
    try {
      return await work.convert(frame)
    } catch (cause) {
      throw damaged('contains a frame that cannot be decompressed', cause)
    }
  }
  const conversions = new OrderedConversions({ concurrency: work.concurrency, convert }, plain => {
    plainBytes += plain.length
    stage.push(plain)
  })

  function append (chunk: Buffer): void {
    isEmpty = false
    if (end + chunk.length > buffer.length) {
      const kept = end - start
      const target = kept + chunk.length > buffer.length ? Buffer.allocUnsafeSlow((kept + chunk.length) * 2) : buffer
      buffer.copy(target, 0, start, end)
      buffer = target
      start = 0
      end = kept
    }
    chunk.copy(buffer, end)
    end += chunk.length
  }

  async function takeFrames (): Promise<void> {
    while (end > start) {
      const view = buffer.subarray(start, end)
      scan ??= readFrameHeader(view)
      const length = scan === undefined ? undefined : frameLength(view, scan)
      if (length === undefined) {
        if (view.length > FRAME_LIMIT) throw damaged(`contains a frame of more than ${FRAME_LIMIT} bytes`)
        return
      }
      const { size, isLastSeen } = scan as Scan
      start += length
      scan = undefined
      frames++
      if (frames > SMALL_FRAMES && plainBytes < (frames - SMALL_FRAMES) * LEAST_PER_FRAME) {
        throw damaged('consists of too many tiny frames')
      }
      if (!isLastSeen) continue
      if (size !== undefined && size > FRAME_LIMIT) throw damaged(`contains a frame of more than ${FRAME_LIMIT} bytes`)
      await conversions.add({ bytes: Buffer.from(view.subarray(0, length)), size })
    }
  }

  return stage
}

/** undefined: too few bytes to tell. A skippable frame is one whose last block is never seen. */
function readFrameHeader (view: Buffer): Scan | undefined {
  if (view.length < 5) return undefined
  const magic = view.readUInt32LE(0)
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
    return view.length < 8
      ? undefined
      : { at: 8 + view.readUInt32LE(4), isLastSeen: false, hasChecksum: false, size: undefined }
  }
  if (magic !== MAGIC) throw damaged('has no frame header where one is expected')
  const descriptor = view.readUInt8(4)
  const isSingleSegment = (descriptor & 0x20) !== 0
  const dictionaryBytes = (1 << (descriptor & 3)) >> 1
  const sizeFlag = descriptor >> 6
  const sizeBytes = sizeFlag === 0 ? (isSingleSegment ? 1 : 0) : 1 << sizeFlag
  const sizeAt = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes
  if (view.length < sizeAt + sizeBytes) return undefined
  return {
    at: sizeAt + sizeBytes,
    isLastSeen: false,
    hasChecksum: (descriptor & 4) !== 0,
    size: readSize(view, sizeAt, sizeBytes)
  }
}

function readSize (view: Buffer, at: number, bytes: number): number | undefined {
  if (bytes === 0) return undefined
  if (bytes === 1) return view.readUInt8(at)
  if (bytes === 2) return view.readUInt16LE(at) + 256
  return bytes === 4 ? view.readUInt32LE(at) : Number(view.readBigUInt64LE(at))
}

/**
 * Walks over the blocks as far as they are there. The length of the frame, or undefined while its end is not in view.
 */
function frameLength (view: Buffer, scan: Scan): number | undefined {
  if (view.readUInt32LE(0) !== MAGIC) return scan.at <= view.length ? scan.at : undefined
  while (!scan.isLastSeen) {
    if (scan.at + 3 > view.length) return undefined
    const header = view.readUIntLE(scan.at, 3)
    const isRunLength = (header >> 1 & 3) === 1
    scan.at += 3 + (isRunLength ? 1 : header >> 3)
    scan.isLastSeen = (header & 1) !== 0
  }
  const length = scan.at + (scan.hasChecksum ? 4 : 0)
  return length <= view.length ? length : undefined
}

function damaged (what: string, cause?: unknown): BackupError {
  return new BackupError('DECODE_FAILED', `the zstd stream ${what}`, { cause })
}
