import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  type MultipartUpload
} from '@aws-sdk/client-s3'
import { cleanupSignal } from '../../core/cleanup-signal.ts'
import { isOurName } from '../../core/backup/object-key.ts'
import type { Bucket } from './bucket.ts'
import { isUnknownToStore, s3Name } from './errors.ts'

/** An upload that nobody finished is taken for abandoned after so long: 24 h. */
const ABANDONED_MS = 86_400_000

interface From {
  readonly KeyMarker?: string
  readonly UploadIdMarker?: string
}

/**
 * Gives up the uploads below our prefix that were begun more than a day before `now`, which is the time of the store,
 * and whose names are ours: the prefix may be empty, and the bucket have uploads of other programs. What began
 * later may be the work of a living process: the service and the commands beside it, or another server, may share the
 * prefix, and an upload does not tell whose it is.
 */
export async function sweepAbandoned (bucket: Bucket, now: Date, signal: AbortSignal): Promise<void> {
  const { prefix } = bucket.options
  for await (const upload of uploads(bucket, prefix, signal)) {
    if (
      isOurName(upload.Key?.slice(prefix.length) ?? '') && upload.Initiated !== undefined &&
      now.getTime() - upload.Initiated.getTime() > ABANDONED_MS
    ) {
      await abortUpload(bucket, upload, signal)
    }
  }
}

/**
 * Gives up every upload to a name that is taken: none of them can ever be completed. What a process left that was
 * killed while it made a copy is thereby gone as soon as the copy stands. The object stands whatever comes of this, so
 * nothing is thrown: what cannot be given up now is left for `sweepAbandoned`.
 */
export async function sweepUploadsOf (bucket: Bucket, key: string): Promise<void> {
  const signal = cleanupSignal()
  const { Key } = bucket.at(key)
  try {
    for await (const upload of uploads(bucket, Key, signal)) {
      if (upload.Key === Key) await abortUpload(bucket, upload, signal)
    }
  } catch {}
}

/** None where the store does not know how to list them. */
async function* uploads (bucket: Bucket, prefix: string, signal: AbortSignal): AsyncIterable<MultipartUpload> {
  let from: From | undefined = {}
  while (from !== undefined) {
    const page: ListMultipartUploadsCommandOutput = await listPage(bucket, prefix, from, signal)
    yield* page.Uploads ?? []
    from = after(page)
  }
}

async function listPage (
  bucket: Bucket,
  prefix: string,
  from: From,
  signal: AbortSignal
): Promise<ListMultipartUploadsCommandOutput> {
  try {
    return await bucket.call(
      '',
      signal,
      (client, options) =>
        client.send(
          new ListMultipartUploadsCommand({ Bucket: bucket.options.bucket, Prefix: prefix, ...from }),
          options
        )
    )
  } catch (error) {
    if (isUnknownToStore(error)) return { $metadata: {} }
    throw error
  }
}

function after ({ IsTruncated, NextKeyMarker, NextUploadIdMarker }: ListMultipartUploadsCommandOutput):
  | From
  | undefined {
  if (IsTruncated !== true || NextKeyMarker === undefined) return undefined
  return { KeyMarker: NextKeyMarker, ...NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker } }
}

async function abortUpload (bucket: Bucket, { Key, UploadId }: MultipartUpload, signal: AbortSignal): Promise<void> {
  try {
    await bucket.call(
      '',
      signal,
      (client, options) =>
        client.send(new AbortMultipartUploadCommand({ Bucket: bucket.options.bucket, Key, UploadId }), options)
    )
  } catch (error) {
    if (s3Name(error) !== 'NoSuchUpload') throw error
  }
}
