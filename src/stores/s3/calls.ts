import type { S3Client } from '@aws-sdk/client-s3'
import { makeClient } from './client.ts'
import { isPassing, s3Error } from './errors.ts'
import type { S3StoreOptions } from './options.ts'

/** Milliseconds before each further try. */
const AGAIN_AFTER = [250, 1_000, 4_000, 10_000] as const
/** For what is put in order after a failure, whose own signal may be the one that was aborted. Milliseconds. */
const TIDY_MS = 30_000

type Request<T> = (client: S3Client, options: { readonly abortSignal: AbortSignal }) => Promise<T>

/** The bucket, and the one way to ask it for something. */
export interface Bucket {
  readonly options: S3StoreOptions
  /** For people. */
  readonly place: string
  /** The bucket and the full name of an object of that key, as every request wants them. */
  at (key: string): { readonly Bucket: string, readonly Key: string }
  /**
   * Makes the request, again where that can help, five times at most. Rejects with the signal's reason, or with a
   * BackupError about the object `key`, or about the bucket where that is empty.
   */
  call<T> (key: string, signal: AbortSignal, request: Request<T>): Promise<T>
}

export function openBucket (options: S3StoreOptions): Bucket {
  const client = makeClient(options)
  const { bucket, prefix, clock } = options
  const place = `s3://${bucket}/${prefix}`

  async function call<T> (key: string, signal: AbortSignal, request: Request<T>, waits: readonly number[] = AGAIN_AFTER): Promise<T> {
    signal.throwIfAborted()
    const [wait, ...others] = waits
    try {
      return await request(client, { abortSignal: signal })
    } catch (error) {
      signal.throwIfAborted()
      if (wait === undefined || !isPassing(error)) throw s3Error(error, key, place)
    }
    await clock.sleep(wait, signal)
    return await call(key, signal, request, others)
  }

  return { options, place, at: key => ({ Bucket: bucket, Key: prefix + key }), call: (key, signal, request) => call(key, signal, request) }
}

export function tidySignal (): AbortSignal {
  return AbortSignal.timeout(TIDY_MS)
}
