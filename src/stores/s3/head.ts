import { HeadBucketCommand, HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import { BackupError } from '../../core/errors.ts'
import type { StoredObject } from '../../core/ports/store.ts'
import type { Bucket } from './bucket.ts'
import { archivedByHead } from './storage-class.ts'

/** Names what is kept with an object of ours: the put that made it, and the SHA-256 of its body. */
export const PUT_ID = 'holdfast-put'
export const SHA256 = 'sha256'

export interface Head {
  readonly object: StoredObject
  readonly etag: string | undefined
  readonly putId: string | undefined
  readonly answer: HeadObjectCommandOutput
}

/**
 * What the store tells of an object. Throws `OBJECT_NOT_FOUND`, and `STORE_UNAVAILABLE` where it is the bucket that is
 * gone.
 */
export async function head (bucket: Bucket, key: string, signal: AbortSignal): Promise<Head> {
  const found = await findHead(bucket, key, signal)
  if (found !== undefined) return found
  // An answer to HEAD has no body that would tell one from the other.
  await bucket.call(
    '',
    signal,
    (client, options) => client.send(new HeadBucketCommand({ Bucket: bucket.options.bucket }), options)
  )
  throw new BackupError('OBJECT_NOT_FOUND', `"${key}" in "${bucket.place}" does not exist`, {
    hint: 'Check the bucket: another user or a lifecycle rule removed the object.'
  })
}

/** The same for who asks whether there is one: undefined where there is none. */
export async function findHead (bucket: Bucket, key: string, signal: AbortSignal): Promise<Head | undefined> {
  try {
    const answer = await bucket.call(
      key,
      signal,
      (client, options) => client.send(new HeadObjectCommand(bucket.at(key)), options)
    )
    const archived = archivedByHead(answer)
    const object = {
      key,
      size: lengthOf(answer, key),
      modifiedAt: modifiedAt(answer.LastModified),
      ...archived === undefined ? {} : { archived }
    }
    return { object, etag: answer.ETag, putId: answer.Metadata?.[PUT_ID], answer }
  } catch (error) {
    if (error instanceof BackupError && error.code === 'OBJECT_NOT_FOUND') return undefined
    throw error
  }
}

/** To the second, as HEAD tells it: lists are more precise in some stores. */
export function modifiedAt (date: Date | undefined): Date {
  return new Date(Math.floor((date?.getTime() ?? 0) / 1_000) * 1_000)
}

function lengthOf ({ ContentLength }: HeadObjectCommandOutput, key: string): number {
  if (ContentLength !== undefined) return ContentLength
  throw new BackupError('STORE_FAILED', `the store does not report the size of "${key}"`, {
    hint: 'Check proxies and gateways between this machine and the store: one of them removes a response header.'
  })
}
