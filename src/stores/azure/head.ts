import type { BlobGetPropertiesResponse } from '@azure/storage-blob'
import { BackupError } from '../../core/errors.ts'
import type { Archived, StoredObject } from '../../core/ports/store.ts'
import type { Container } from './container.ts'

/** Names what is kept with an object of ours: the put that made it, and the SHA-256 of its body. */
export const PUT_ID = 'holdfastput'
export const SHA256 = 'sha256'

const ARCHIVE = 'Archive'
/** Hours from the asking until it can be read, at most, by the standard way of asking. */
const HOURS = 15

export interface Head {
  readonly object: StoredObject
  readonly etag: string
  readonly putId: string | undefined
  /** undefined: the store keeps none. */
  readonly md5: Buffer | undefined
}

/**
 * What the store tells of an object. Throws `OBJECT_NOT_FOUND`, and `STORE_UNAVAILABLE` where it is the container that
 * is gone.
 */
export async function head (container: Container, key: string, signal: AbortSignal): Promise<Head> {
  const found = await findHead(container, key, signal)
  if (found !== undefined) return found
  // An answer to HEAD has no body that would tell one from the other.
  await container.call('', signal, options => container.client.getProperties(options))
  throw new BackupError('OBJECT_NOT_FOUND', `"${key}" in "${container.place}" does not exist`, {
    hint: 'Check the container: another user or a lifecycle rule removed the object.'
  })
}

/** The same for who asks whether there is one: undefined where there is none. */
export async function findHead (container: Container, key: string, signal: AbortSignal): Promise<Head | undefined> {
  try {
    return toHead(await container.call(key, signal, options => container.blob(key).getProperties(options)), key)
  } catch (error) {
    if (error instanceof BackupError && error.code === 'OBJECT_NOT_FOUND') return undefined
    throw error
  }
}

export function archived (tier: string | undefined, status: string | undefined): { readonly archived?: Archived } {
  return tier === ARCHIVE
    ? { archived: { storageClass: ARCHIVE, isThawing: status?.startsWith('rehydrate-pending') === true, hours: HOURS } }
    : {}
}

function toHead (
  { contentLength, lastModified, etag, accessTier, archiveStatus, metadata, contentMD5 }: BlobGetPropertiesResponse,
  key: string
): Head {
  if (contentLength === undefined || lastModified === undefined || etag === undefined) {
    throw new BackupError('STORE_FAILED', `the store does not report the size of "${key}"`, {
      hint: 'Check proxies and gateways between this machine and the store: one of them removes a response header.'
    })
  }
  return {
    object: { key, size: contentLength, modifiedAt: lastModified, ...archived(accessTier, archiveStatus) },
    etag,
    putId: metadata?.[PUT_ID],
    md5: contentMD5 === undefined ? undefined : Buffer.from(contentMD5)
  }
}
