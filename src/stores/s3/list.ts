import { ListObjectsV2Command, type _Object } from '@aws-sdk/client-s3'
import { BackupError } from '../../core/errors.ts'
import type { StoredObject } from '../../core/ports/store.ts'
import type { Bucket } from './bucket.ts'
import { modifiedAt } from './head.ts'
import { archivedByList } from './storage-class.ts'

/**
 * See `Store.list`. S3 lists in the order of the bytes of the names, which is that of UTF-8; uploads under way are not
 * in it.
 */
export async function* listObjects (bucket: Bucket, prefix: string, signal: AbortSignal): AsyncIterable<StoredObject> {
  const { options: { bucket: name, prefix: own, profile } } = bucket
  let token: string | undefined
  do {
    const from: string | undefined = token
    const page = await bucket.call('', signal, (client, options) =>
      client.send(
        new ListObjectsV2Command({
          Bucket: name,
          Prefix: own + prefix,
          ...from === undefined ? {} : { ContinuationToken: from },
          ...profile === 'aws' ? { OptionalObjectAttributes: ['RestoreStatus'] } : {}
        }),
        options
      ))
    for (const found of page.Contents ?? []) {
      signal.throwIfAborted()
      const object = objectOf(found, own)
      if (object !== undefined) yield object
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined
    // A list that is cut short would make copies look lost, and one that begins again would never end.
    if (page.IsTruncated === true && (token === undefined || token === from)) {
      throw new BackupError(
        'STORE_FAILED',
        `the store "${bucket.place}" reports that its listing continues, but not where`,
        {
          hint: 'Retry. If the error remains, the store does not support version 2 of the list request.'
        }
      )
    }
  } while (token !== undefined)
}

/** undefined: it marks a folder, as some tools do. */
function objectOf (found: _Object, own: string): StoredObject | undefined {
  const { Key, Size, LastModified } = found
  if (Key === undefined || Size === undefined || Key.endsWith('/')) return undefined
  const archived = archivedByList(found)
  return {
    key: Key.slice(own.length),
    size: Size,
    modifiedAt: modifiedAt(LastModified),
    ...archived === undefined ? {} : { archived }
  }
}
