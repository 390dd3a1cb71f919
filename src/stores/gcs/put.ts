import { createHash, hash, randomUUID } from 'node:crypto'
import { addAbortSignal, type Readable } from 'node:stream'
import { cleanupSignal } from '../../core/cleanup-signal.ts'
import { BackupError } from '../../core/errors.ts'
import type { ObjectFacts, StoredObject } from '../../core/ports/store.ts'
import { splitIntoParts, type UploadParts, type UploadPart } from '../multipart.ts'
import type { Bucket } from './bucket.ts'
import {
  findHead,
  head,
  PUT_ID,
  read,
  readAnswer,
  requireBucket,
  resourceSchema,
  SHA256,
  toStored,
  type Resource
} from './head.ts'
import { removeObject } from './remove.ts'
import { beginSession, abandonSession, sendChunk, type Session } from './session.ts'

const TYPE = 'application/octet-stream'

interface Put {
  readonly bucket: Bucket
  readonly key: string
  readonly facts: ObjectFacts
  /** Kept with the object: tells it from that of every other put. */
  readonly id: string
  readonly body: UploadParts
}

/**
 * See `Store.put`. A body that fits into one chunk is one request; every other goes up in chunks of an upload that can
 * be resumed.
 */
export async function putObject (
  bucket: Bucket,
  key: string,
  body: Readable,
  facts: ObjectFacts,
  signal: AbortSignal
): Promise<StoredObject> {
  signal.throwIfAborted()
  const put: Put = { bucket, key, facts, id: randomUUID(), body: splitIntoParts(addAbortSignal(signal, body), facts) }
  try {
    const first = await put.body.parts.next()
    return first.value?.isLast === true
      ? await putWhole(put, first.value.bytes, signal)
      : await putChunks(put, first.value, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw await explained(error, put, signal)
  } finally {
    body.destroy()
  }
}

/** Where something is to be put, what is missing is the bucket, or an upload that the store has given up. */
async function explained (error: unknown, { bucket, key }: Put, signal: AbortSignal): Promise<unknown> {
  if (!(error instanceof BackupError && error.code === 'OBJECT_NOT_FOUND')) return error
  await requireBucket(bucket, signal)
  return new BackupError('STORE_FAILED', `the store "${bucket.place}" has lost the upload of "${key}"`, {
    hint: 'Retry: the upload then starts again.',
    cause: error
  })
}

async function putWhole (put: Put, bytes: Buffer, signal: AbortSignal): Promise<StoredObject> {
  const { bucket, key } = put
  const md5 = hash('md5', bytes, 'base64')
  const boundary = `holdfast-${put.id}`
  const body = Buffer.concat([
    Buffer.from(
      `--${boundary}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n${
        JSON.stringify(described(put, md5))
      }\r\n--${boundary}\r\ncontent-type: ${TYPE}\r\n\r\n`
    ),
    bytes,
    Buffer.from(`\r\n--${boundary}--\r\n`)
  ])
  return await publish(put, md5, async () => {
    const answer = await bucket.ask(key, signal, {
      method: 'POST',
      url: bucket.urls.upload,
      query: { uploadType: 'multipart', ...condition(put) },
      headers: { 'content-type': `multipart/related; boundary=${boundary}` },
      body
    })
    return await readAnswer(resourceSchema, answer, bucket)
  }, signal)
}

async function putChunks (put: Put, first: UploadPart | undefined, signal: AbortSignal): Promise<StoredObject> {
  const { bucket, key, body } = put
  const session = await beginSession(bucket, key, {
    query: condition(put),
    metadata: described(put, undefined),
    type: TYPE
  }, signal)
  try {
    const md5 = createHash('md5')
    for (let part = first; part !== undefined; part = (await body.parts.next()).value) {
      md5.update(part.bytes)
      if (part.isLast) return await finish(put, session, part, md5.digest('base64'), signal)
      await sendChunk(session, part, undefined, signal)
    }
    throw new BackupError('INTERNAL', 'the body has no last part')
  } catch (error) {
    await abandonSession(session)
    throw error
  }
}

async function finish (
  put: Put,
  session: Session,
  last: UploadPart,
  md5: string,
  signal: AbortSignal
): Promise<StoredObject> {
  return await publish(
    put,
    md5,
    async () => read(resourceSchema, await sendChunk(session, last, put.body.size(), signal), put.bucket),
    signal
  )
}

function described ({ key, facts, id, bucket: { options } }: Put, md5: string | undefined): object {
  return {
    name: options.prefix + key,
    contentType: TYPE,
    metadata: { [PUT_ID]: id, ...facts.sha256 === undefined ? {} : { [SHA256]: facts.sha256 } },
    // The service then refuses what was damaged on its way.
    ...md5 === undefined ? {} : { md5Hash: md5 }
  }
}

/** Generation 0 is that of what is not there. */
function condition ({ facts }: Put): { readonly ifGenerationMatch?: string } {
  return facts.replace === true ? {} : { ifGenerationMatch: '0' }
}

/**
 * Makes the last request of a put and holds what comes of it against what was sent. Its answer may be lost, and then
 * the object alone can tell whether it is the one that this put made. A put that fails here takes back what it has
 * made, unless it took the place of another object.
 */
async function publish (
  put: Put,
  md5: string,
  request: () => Promise<Resource>,
  signal: AbortSignal
): Promise<StoredObject> {
  try {
    const receipt = await request().catch(async (error: unknown) => {
      const isOwn = !signal.aborted &&
        (await findHead(put.bucket, put.key, signal).catch(() => undefined))?.metadata?.[PUT_ID] === put.id
      if (!isOwn) throw error
      return undefined
    })
    if (receipt !== undefined) prove(put, receipt, md5)
    const standing = await head(put.bucket, put.key, signal)
    prove(put, standing, md5)
    return toStored(standing, put.bucket)
  } catch (error) {
    if (put.facts.replace !== true) await withdraw(put)
    throw error
  }
}

function prove ({ key, id, body, bucket }: Put, { size, md5Hash, metadata }: Resource, md5: string): void {
  const wrong = size !== body.size()
    ? `a size of ${size} instead of ${body.size()}`
    : metadata?.[PUT_ID] !== id
    ? 'the mark of another put'
    : md5Hash === md5
    ? undefined
    : `MD5 ${md5Hash ?? 'nothing'} instead of ${md5}`
  if (wrong === undefined) return
  throw new BackupError('STORE_FAILED', `the store reports ${wrong} for "${key}" in "${bucket.place}"`, {
    hint:
      'Retry. If the error remains, a proxy or gateway between this machine and the store changes data, or the store is defective.'
  })
}

/** Its own failure is not what the caller must learn of, but that of the put. */
async function withdraw ({ bucket, key, id }: Put): Promise<void> {
  const signal = cleanupSignal()
  const found = await findHead(bucket, key, signal).catch(() => undefined)
  if (found?.metadata?.[PUT_ID] === id) await removeObject(bucket, key, signal).catch(() => {})
}
