import { z } from 'zod'
import { toBackupError } from '../../core/errors.ts'
import type { Store, StoreFeatures } from '../../core/ports/store.ts'
import { openBucket, type Bucket } from './bucket.ts'
import { getObject } from './get.ts'
import { head, readAnswer, toStored } from './head.ts'
import { listObjects } from './list.ts'
import type { GcsStoreOptions } from './options.ts'
import { putObject } from './put.ts'
import { removeObject } from './remove.ts'
import { beginSession, abandonSession } from './session.ts'

/** What an upload is begun for, to see that it could be made. */
const PROBE = '.holdfast-probe'

const bucketSchema = z.object({
  versioning: z.object({ enabled: z.boolean().optional() }).optional(),
  objectRetention: z.object({ mode: z.string().optional() }).optional(),
  retentionPolicy: z.object({ retentionPeriod: z.string().optional() }).optional()
})

/**
 * Objects in a bucket of Google Cloud Storage. A key comes after the prefix. Makes no connection before it is asked for
 * something.
 */
export function gcsStore (options: GcsStoreOptions): Store {
  const bucket = openBucket(options)
  return {
    name: options.name,
    kind: 'gcs',
    place: bucket.place,
    open: signal => open(bucket, signal),
    put: (key, body, facts, signal) => putObject(bucket, key, body, facts, signal),
    get: (key, range, signal) => getObject(bucket, key, range, signal),
    stat: async (key, signal) => toStored(await head(bucket, key, signal), bucket),
    list: (prefix, signal) => listObjects(bucket, prefix, signal),
    remove: (key, signal) => removeObject(bucket, key, signal),
    location: key => bucket.place + key,
    file: async () => undefined,
    features: signal => features(bucket, signal)
  }
}

/** By an upload that is given up at once: unlike an object it leaves nothing where nothing may be removed. */
async function open (bucket: Bucket, signal: AbortSignal): Promise<void> {
  await askTime(bucket, signal)
  await abandonSession(
    await beginSession(bucket, '', {
      query: {},
      metadata: { name: bucket.options.prefix + PROBE },
      type: 'application/octet-stream'
    }, signal)
  )
}

/**
 * What the credentials may not ask is null: what it takes to keep objects does not reach to the bucket's own settings.
 */
async function features (bucket: Bucket, signal: AbortSignal): Promise<StoreFeatures> {
  // First, for it rejects where the bucket cannot be used at all.
  const clockAhead = await askTime(bucket, signal)
  try {
    const answer = await bucket.ask('', signal, {
      method: 'GET',
      url: bucket.urls.bucket,
      query: { fields: 'versioning,objectRetention,retentionPolicy' }
    })
    const { versioning, objectRetention, retentionPolicy } = await readAnswer(bucketSchema, answer, bucket)
    return {
      versioning: versioning?.enabled === true,
      objectLock: objectRetention !== undefined || retentionPolicy !== undefined,
      clockAhead
    }
  } catch (thrown) {
    signal.throwIfAborted()
    if (toBackupError(thrown).code !== 'STORE_UNAVAILABLE') throw thrown
    return { versioning: null, objectLock: null, clockAhead }
  }
}

/** How far the clock of the store is ahead of ours, in milliseconds; it tells whole seconds. */
async function askTime (bucket: Bucket, signal: AbortSignal): Promise<number | null> {
  const asked = bucket.options.clock.now().getTime()
  const answer = await bucket.ask('', signal, {
    method: 'GET',
    url: bucket.urls.objects,
    query: { prefix: bucket.options.prefix, maxResults: '1', fields: 'nextPageToken' }
  })
  await answer.body?.cancel()
  const time = Date.parse(answer.headers.get('date') ?? '')
  return Number.isNaN(time) ? null : time - Math.floor(asked / 1_000) * 1_000
}
