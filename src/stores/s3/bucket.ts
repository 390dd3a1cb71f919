import type { S3Client } from '@aws-sdk/client-s3'
import { retry } from '../retry.ts'
import { makeClient } from './client.ts'
import { isPassing, s3Error } from './errors.ts'
import type { S3StoreOptions } from './options.ts'

type Request<T> = (client: S3Client, options: { readonly abortSignal: AbortSignal }) => Promise<T>

/** The bucket, and the one way to ask it for something. */
export interface Bucket {
  readonly options: S3StoreOptions
  /** For people. */
  readonly place: string
  /** The bucket and the full name of an object of that key, as every request wants them. */
  at(key: string): { readonly Bucket: string, readonly Key: string }
  /**
   * Makes the request, again where that can help, five times at most. Rejects with the signal's reason, or with a
   * BackupError about the object `key`, or about the bucket where that is empty.
   */
  call<T>(key: string, signal: AbortSignal, request: Request<T>): Promise<T>
}

export function openBucket (options: S3StoreOptions): Bucket {
  const client = makeClient(options)
  const { bucket, prefix, clock } = options
  const place = `s3://${bucket}/${prefix}`

  return {
    options,
    place,
    at: key => ({ Bucket: bucket, Key: prefix + key }),
    async call (key, signal, request) {
      try {
        return await retry({ clock, signal, isPassing }, abortSignal => request(client, { abortSignal }))
      } catch (error) {
        signal.throwIfAborted()
        throw s3Error(error, key, place)
      }
    }
  }
}
