import type { BlobItem, ContainerListBlobFlatSegmentResponse } from '@azure/storage-blob'
import { BackupError } from '../../core/errors.ts'
import type { StoredObject } from '../../core/ports/store.ts'
import type { Container } from './container.ts'
import { archived } from './head.ts'

const PAGE = 5_000

/** See `Store.list`. Azure lists in the order of names; what is not committed is not in it. */
export async function* listBlobs (
  container: Container,
  prefix: string,
  signal: AbortSignal
): AsyncIterable<StoredObject> {
  const own = container.options.prefix
  let token: string | undefined
  do {
    const from: string | undefined = token
    const page = await container.call('', signal, async options => {
      const pages = container.client.listBlobsFlat({ ...options, prefix: own + prefix }).byPage({
        maxPageSize: PAGE,
        ...from === undefined ? {} : { continuationToken: from }
      })
      return (await pages[Symbol.asyncIterator]().next() as IteratorResult<
        ContainerListBlobFlatSegmentResponse,
        undefined
      >).value
    })
    if (page === undefined) return
    for (const item of page.segment.blobItems) {
      signal.throwIfAborted()
      if (!item.name.endsWith('/')) yield objectOf(item, own)
    }
    token = page.continuationToken === '' ? undefined : page.continuationToken
    // A list that begins again would never end.
    if (token !== undefined && token === from) {
      throw new BackupError(
        'STORE_FAILED',
        `the store "${container.place}" reports that its listing continues, but not where`,
        { hint: 'Retry. If the error remains, check proxies and gateways between this machine and the store.' }
      )
    }
  } while (token !== undefined)
}

function objectOf (
  { name, properties: { contentLength, lastModified, accessTier, archiveStatus } }: BlobItem,
  own: string
): StoredObject {
  return {
    key: name.slice(own.length),
    size: contentLength ?? 0,
    modifiedAt: lastModified,
    ...archived(accessTier, archiveStatus)
  }
}
