import { GetBucketVersioningCommand, GetObjectLockConfigurationCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { StoreFeatures } from '../../core/ports/store.ts'
import type { Bucket } from './bucket.ts'
import { s3Name } from './errors.ts'

/** See `Store.features`. What the credentials may not ask, or the store does not know, is null. */
export async function bucketFeatures (bucket: Bucket, signal: AbortSignal): Promise<StoreFeatures> {
  // First, for it rejects where the bucket cannot be used at all.
  const clockAhead = await askTime(bucket, signal)
  const Bucket = bucket.options.bucket
  const versioning = await bucket.call(
    '',
    signal,
    (client, options) => client.send(new GetBucketVersioningCommand({ Bucket }), options)
  )
    .then(({ Status }) => Status === 'Enabled', () => null)
  const objectLock = await bucket.call(
    '',
    signal,
    (client, options) => client.send(new GetObjectLockConfigurationCommand({ Bucket }), options)
  )
    .then(({ ObjectLockConfiguration }) => ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled', hasNone)
  signal.throwIfAborted()
  return { versioning, objectLock, clockAhead }
}

/**
 * How far the clock of the store is ahead of ours, in milliseconds; it tells whole seconds. Throws `STORE_UNAVAILABLE`.
 * Asks for a list, for an answer to HEAD has no body that says why it is refused.
 */
export async function askTime (bucket: Bucket, signal: AbortSignal): Promise<number | null> {
  let told: string | undefined
  let asked = 0
  await bucket.call('', signal, async (client, options) => {
    const command = new ListObjectsV2Command({
      Bucket: bucket.options.bucket,
      Prefix: bucket.options.prefix,
      MaxKeys: 1
    })
    command.middlewareStack.add(next => async args => {
      asked = bucket.options.clock.now().getTime()
      const result = await next(args)
      told = (result.response as { headers?: Record<string, string> }).headers?.date
      return result
    }, { step: 'deserialize', priority: 'low' })
    return await client.send(command, options)
  })
  const time = Date.parse(told ?? '')
  return Number.isNaN(time) ? null : time - Math.floor(asked / 1_000) * 1_000
}

function hasNone (error: unknown): false | null {
  return s3Name(error) === 'ObjectLockConfigurationNotFoundError' ? false : null
}
