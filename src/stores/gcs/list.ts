import { z } from 'zod'
import { BackupError } from '../../core/errors.ts'
import type { StoredObject } from '../../core/ports/store.ts'
import type { Bucket } from './bucket.ts'
import { readAnswer, RESOURCE_FIELDS, resourceSchema, toStored } from './head.ts'

const PAGE = 1_000
const pageSchema = z.object({ items: z.array(resourceSchema).optional(), nextPageToken: z.string().optional() })

/** See `Store.list`. The service lists in the order of the bytes of the names; uploads under way are not in it. */
export async function* listObjects (bucket: Bucket, prefix: string, signal: AbortSignal): AsyncIterable<StoredObject> {
  let token: string | undefined
  do {
    const from: string | undefined = token
    const answer = await bucket.ask('', signal, {
      method: 'GET',
      url: bucket.urls.objects,
      query: {
        prefix: bucket.options.prefix + prefix,
        maxResults: String(PAGE),
        fields: `nextPageToken,items(${RESOURCE_FIELDS})`,
        ...from === undefined ? {} : { pageToken: from }
      }
    })
    const page = await readAnswer(pageSchema, answer, bucket)
    for (const item of page.items ?? []) {
      signal.throwIfAborted()
      // What ends like that marks a folder, as some tools do.
      if (!item.name.endsWith('/')) yield toStored(item, bucket)
    }
    token = page.nextPageToken
    // A list that begins again would never end.
    if (token !== undefined && token === from) {
      throw new BackupError(
        'STORE_FAILED',
        `the store "${bucket.place}" reports that its listing continues, but not where`,
        {
          hint: 'Retry. If the error remains, check proxies and gateways between this machine and the store.'
        }
      )
    }
  } while (token !== undefined)
}
