import { randomUUID } from 'node:crypto'
import { AbortMultipartUploadCommand, CreateMultipartUploadCommand } from '@aws-sdk/client-s3'
import { TRIAL } from '../../core/backup/object-key.ts'
import type { Bucket } from './bucket.ts'
import { askTime } from './features.ts'
import { sweepAbandoned } from './leftovers.ts'

/** See `Store.open`. Throws `STORE_UNAVAILABLE` with a hint that says what is wrong. */
export async function open (bucket: Bucket, signal: AbortSignal): Promise<void> {
  const ahead = await askTime(bucket, signal)
  await proveWritable(bucket, signal)
  await sweepAbandoned(bucket, new Date(bucket.options.clock.now().getTime() + (ahead ?? 0)), signal)
}

/** By an upload that is given up at once: unlike an object it leaves nothing where nothing may be removed. */
async function proveWritable (bucket: Bucket, signal: AbortSignal): Promise<void> {
  const { Bucket, Key } = bucket.at(TRIAL + randomUUID())
  const { UploadId } = await bucket.call(
    '',
    signal,
    (client, options) => client.send(new CreateMultipartUploadCommand({ Bucket, Key }), options)
  )
  await bucket.call(
    '',
    signal,
    (client, options) => client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }), options)
  )
}
