import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3'
import { Readable } from 'node:stream'
import { BackupError } from '../../core/errors.ts'
import type { ByteRange } from '../../core/ports/store.ts'
import type { Bucket } from './bucket.ts'
import { s3Error, s3Name } from './errors.ts'
import { head } from './head.ts'

/** Connections that may break one after the other without a single byte having come. */
const BREAKS = 4
const AGAIN_AFTER_MS = 500
const CONTENT_RANGE = /^bytes (\d+)-(\d+)\//

interface Reading {
  readonly bucket: Bucket
  readonly key: string
  readonly etag: string | undefined
  /** Of the object: the first byte that was asked for, and the one after the last. */
  readonly start: number
  readonly end: number
  readonly signal: AbortSignal
}

/**
 * See `Store.get`. A connection that breaks midway is made anew from the byte that was reached, of the same object.
 * Rejects with `OBJECT_ARCHIVED` and a hint how long it takes.
 */
export async function getObject (
  bucket: Bucket,
  key: string,
  range: ByteRange | undefined,
  signal: AbortSignal
): Promise<Readable> {
  signal.throwIfAborted()
  const closed = new AbortController()
  const together = AbortSignal.any([signal, closed.signal])
  const answer = await request(
    bucket,
    key,
    range === undefined ? undefined : `bytes=${range.start}-${range.end}`,
    undefined,
    together
  )
    .catch(async (error: unknown) => {
      throw await withHours(error, bucket, key, signal)
    })
  const { start, end } = extent(answer, key, range)
  const reading: Reading = { bucket, key, etag: answer.ETag, start, end, signal: together }
  const body = Readable.from(read(reading, answer), { objectMode: false, highWaterMark: 256 * 1024 })
  const abort = (): void => {
    body.destroy(signal.reason as Error)
  }
  signal.addEventListener('abort', abort, { once: true })
  body.once('close', () => {
    signal.removeEventListener('abort', abort)
    closed.abort()
  })
  return body
}

async function request (
  bucket: Bucket,
  key: string,
  range: string | undefined,
  etag: string | undefined,
  signal: AbortSignal
): Promise<GetObjectCommandOutput> {
  return await bucket.call(key, signal, (client, options) =>
    client.send(
      new GetObjectCommand({
        ...bucket.at(key),
        ...range === undefined ? {} : { Range: range },
        ...etag === undefined ? {} : { IfMatch: etag }
      }),
      options
    ))
}

async function* read (reading: Reading, first: GetObjectCommandOutput): AsyncGenerator<Buffer, undefined> {
  const { bucket, key, start, end, signal } = reading
  let at = start
  let answer = first
  for (let breaks = 0;; breaks++) {
    let cause: unknown
    try {
      for await (const chunk of answer.Body as AsyncIterable<Buffer>) {
        if (at + chunk.length > end) {
          throw new BackupError(
            'STORE_FAILED',
            `the store "${bucket.place}" returned more of "${key}" than the announced ${end - start} bytes`
          )
        }
        at += chunk.length
        breaks = 0
        yield chunk
      }
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof BackupError) throw error
      cause = s3Error(error, key, bucket.place)
    }
    if (at === end) return undefined
    if (breaks === BREAKS) throw short(reading, at, cause)
    await bucket.options.clock.sleep(AGAIN_AFTER_MS, signal)
    answer = await goOn(reading, at)
  }
}

/** The rest of the same object, or an error: never that of another one. */
async function goOn ({ bucket, key, etag, end, signal }: Reading, at: number): Promise<GetObjectCommandOutput> {
  const answer = await request(bucket, key, `bytes=${at}-${end - 1}`, etag, signal).catch((error: unknown) => {
    if (s3Name(error) === 'PreconditionFailed') {
      throw new BackupError('STORE_FAILED', `"${key}" in "${bucket.place}" was replaced while it was read`, {
        hint: 'Retry.',
        cause: error
      })
    }
    throw error
  })
  const [, from] = CONTENT_RANGE.exec(answer.ContentRange ?? '') ?? []
  if (Number(from) !== at) {
    throw new BackupError('STORE_FAILED', `the store "${bucket.place}" does not continue "${key}" at byte ${at}`, {
      hint: 'Retry. The store must support range requests.'
    })
  }
  return answer
}

function extent (
  { ContentRange, ContentLength }: GetObjectCommandOutput,
  key: string,
  range: ByteRange | undefined
): { readonly start: number, readonly end: number } {
  const [, from, to] = CONTENT_RANGE.exec(ContentRange ?? '') ?? []
  if (range !== undefined && Number(from) !== range.start) {
    throw new BackupError('STORE_FAILED', `the store returned different bytes of "${key}" than requested`, {
      hint: 'The store must support range requests.'
    })
  }
  if (from !== undefined && to !== undefined) return { start: Number(from), end: Number(to) + 1 }
  if (ContentLength === undefined) {
    throw new BackupError('STORE_FAILED', `the store does not report the size of "${key}"`, {
      hint: 'Check proxies and gateways between this machine and the store: one of them removes a response header.'
    })
  }
  return { start: 0, end: ContentLength }
}

function short ({ bucket, key, start, end }: Reading, at: number, cause: unknown): BackupError {
  return new BackupError(
    'STORE_FAILED',
    `reading "${key}" in "${bucket.place}" repeatedly stopped after ${at - start} of ${end - start} bytes`,
    { hint: 'Check the network, then retry.', cause }
  )
}

async function withHours (error: unknown, bucket: Bucket, key: string, signal: AbortSignal): Promise<unknown> {
  if (!(error instanceof BackupError && error.code === 'OBJECT_ARCHIVED')) return error
  const { archived } = (await head(bucket, key, signal)).object
  if (archived === undefined) return error
  const { storageClass, hours, isThawing } = archived
  return new BackupError(
    'OBJECT_ARCHIVED',
    `"${key}" in "${bucket.place}" is in the storage class "${storageClass}" and cannot be read yet`,
    {
      hint: isThawing
        ? `A thaw was requested: the object is readable within ${hours} hours.`
        : `Request a thaw: the object is then readable within ${hours} hours.`,
      cause: error,
      details: { storageClass, hours }
    }
  )
}
