import { RestoreObjectCommand } from '@aws-sdk/client-s3'
import type { Bucket } from './bucket.ts'
import { s3Name } from './errors.ts'
import { head } from './head.ts'

/** See `Store.thaw`. What can be read, or was asked for already, is left as it is. */
export async function thawObject (bucket: Bucket, key: string, days: number, signal: AbortSignal): Promise<void> {
  const { object: { archived }, answer } = await head(bucket, key, signal)
  if (archived === undefined || archived.isThawing) return
  // What tiering has archived comes back for good, and is refused with a number of days.
  const RestoreRequest = {
    ...answer.ArchiveStatus === undefined ? { Days: days } : {},
    GlacierJobParameters: { Tier: 'Standard' as const }
  }
  try {
    await bucket.call(
      key,
      signal,
      (client, options) => client.send(new RestoreObjectCommand({ ...bucket.at(key), RestoreRequest }), options)
    )
  } catch (error) {
    if (s3Name(error) !== 'RestoreAlreadyInProgress') throw error
  }
}
