import type { CreateMultipartUploadCommandInput, HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import { cleanupSignal } from '../../core/cleanup-signal.ts'
import { BackupError } from '../../core/errors.ts'
import type { ObjectFacts, StoredObject } from '../../core/ports/store.ts'
import type { UploadParts } from '../multipart.ts'
import type { Bucket } from './bucket.ts'
import { findHead, head, PUT_ID, SHA256, type Head } from './head.ts'
import { bareEtag, expectSame } from './receipt.ts'
import { removeObject } from './remove.ts'
import { storageClassFor } from './storage-class.ts'

/** One put under way. */
export interface Put {
  readonly bucket: Bucket
  readonly key: string
  readonly facts: ObjectFacts
  /** Kept with the object: tells it from that of every other put. */
  readonly id: string
  readonly body: UploadParts
}

/** What the store says of an object once it stands, by the last request of a put or by HEAD. */
export type Receipt = Pick<
  HeadObjectCommandOutput,
  'ETag' | 'ServerSideEncryption' | 'SSECustomerAlgorithm' | 'ChecksumCRC32'
>

export interface Publication {
  readonly request: () => Promise<Receipt>
  /** Throws where the receipt is not that of what was sent. */
  readonly prove: (receipt: Receipt) => void
}

/** What both ways of putting say about the object. */
export function objectFacts ({ bucket: { options }, facts, id }: Put): Omit<
  CreateMultipartUploadCommandInput,
  'Bucket' | 'Key'
> {
  const storageClass = storageClassFor(facts, options)
  return {
    Metadata: { [PUT_ID]: id, ...facts.sha256 === undefined ? {} : { [SHA256]: facts.sha256 } },
    ...storageClass === undefined
      ? {}
      : { StorageClass: storageClass as NonNullable<CreateMultipartUploadCommandInput['StorageClass']> },
    ...options.encryption === null ? {} : { ServerSideEncryption: options.encryption },
    ...options.encryption !== 'aws:kms' || options.kmsKeyId === undefined ? {} : { SSEKMSKeyId: options.kmsKeyId },
    ...options.lock === null || facts.retainUntil === undefined
      ? {}
      : {
        ObjectLockMode: options.lock === 'governance' ? 'GOVERNANCE' : 'COMPLIANCE',
        ObjectLockRetainUntilDate: facts.retainUntil
      }
  }
}

/** Throws `OBJECT_EXISTS` where the name is taken already. */
export async function requireFree ({ bucket, key, facts }: Put, signal: AbortSignal): Promise<void> {
  if (facts.replace === true || await findHead(bucket, key, signal) === undefined) return
  throw new BackupError('OBJECT_EXISTS', `"${key}" in "${bucket.place}" already exists`, {
    hint: 'Objects are never overwritten. Move the existing one elsewhere.'
  })
}

/**
 * Makes the last request of a put and holds what comes of it against what was sent. Its answer may be lost, and then
 * the object alone can tell whether it is the one that this put made. A put that fails here takes back what it has
 * made, unless it took the place of another object.
 */
export async function publish (put: Put, { request, prove }: Publication, signal: AbortSignal): Promise<StoredObject> {
  try {
    const receipt = await request().catch(async (error: unknown) => {
      if (signal.aborted || await findOwn(put, signal) === undefined) throw error
      return undefined
    })
    if (receipt !== undefined) prove(receipt)
    return await proveStanding(put, receipt, prove, signal)
  } catch (error) {
    if (put.facts.replace !== true) await withdraw(put)
    throw error
  }
}

async function proveStanding (
  put: Put,
  receipt: Receipt | undefined,
  prove: Publication['prove'],
  signal: AbortSignal
): Promise<StoredObject> {
  const what = `"${put.key}" in "${put.bucket.place}"`
  const { object, putId, answer } = await head(put.bucket, put.key, signal)
  expectSame(object.size, put.body.size(), what, 'a size of')
  expectSame(putId, put.id, what, 'the mark')
  const etag = bareEtag(receipt?.ETag)
  if (etag !== undefined) expectSame(bareEtag(answer.ETag), etag, what, 'the ETag')
  prove(answer)
  return object
}

/** Its own failure is not what the caller must learn of, but that of the put. */
async function withdraw (put: Put): Promise<void> {
  const signal = cleanupSignal()
  if (await findOwn(put, signal) !== undefined) await removeObject(put.bucket, put.key, signal).catch(() => {})
}

async function findOwn ({ bucket, key, id }: Put, signal: AbortSignal): Promise<Head | undefined> {
  const found = await findHead(bucket, key, signal).catch(() => undefined)
  return found?.putId === id ? found : undefined
}
