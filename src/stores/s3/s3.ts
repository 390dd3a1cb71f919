import type { Store } from '../../core/ports/store.ts'
import { openBucket } from './bucket.ts'
import { bucketFeatures } from './features.ts'
import { getObject } from './get.ts'
import { head } from './head.ts'
import { listObjects } from './list.ts'
import { open } from './open.ts'
import type { S3StoreOptions } from './options.ts'
import { putObject } from './put.ts'
import { removeObject } from './remove.ts'
import { thawObject } from './thaw.ts'

/**
 * Objects in a bucket of AWS, or of anything else that speaks S3. A key comes after the prefix. Makes no connection
 * before it is asked for something.
 */
export function s3Store (options: S3StoreOptions): Store {
  const bucket = openBucket(options)
  return {
    name: options.name,
    kind: 's3',
    place: bucket.place,
    open: signal => open(bucket, signal),
    put: (key, body, facts, signal) => putObject(bucket, key, body, facts, signal),
    get: (key, range, signal) => getObject(bucket, key, range, signal),
    stat: async (key, signal) => (await head(bucket, key, signal)).object,
    list: (prefix, signal) => listObjects(bucket, prefix, signal),
    remove: (key, signal) => removeObject(bucket, key, signal),
    location: key => bucket.place + key,
    file: async () => undefined,
    features: signal => bucketFeatures(bucket, signal),
    thaw: (key, days, signal) => thawObject(bucket, key, days, signal)
  }
}
