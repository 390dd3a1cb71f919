import { createHash, hash, randomUUID } from 'node:crypto'
import { addAbortSignal, type Readable } from 'node:stream'
import { cleanupSignal } from '../../core/cleanup-signal.ts'
import { BackupError } from '../../core/errors.ts'
import type { ObjectFacts, StoredObject } from '../../core/ports/store.ts'
import { splitIntoParts, type UploadParts, type UploadPart } from '../multipart.ts'
import type { Container } from './container.ts'
import { findHead, head, PUT_ID, SHA256, type Head } from './head.ts'
import { removeBlob } from './remove.ts'

/** Blocks of one object that are on their way at the same time. */
const SIDE_BY_SIDE = 4

interface Put {
  readonly container: Container
  readonly key: string
  readonly facts: ObjectFacts
  /**
   * Kept with the object: tells it from that of every other put. Its blocks carry it, too, so that those of two puts
   * cannot mix.
   */
  readonly id: string
  readonly body: UploadParts
}

/**
 * See `Store.put`. A body that fits into one part is one request; every other goes up in blocks that become an object
 * with the last request alone. Blocks of a put that failed are in nobody's way, and Azure drops them after a week.
 */
export async function putBlob (
  container: Container,
  key: string,
  body: Readable,
  facts: ObjectFacts,
  signal: AbortSignal
): Promise<StoredObject> {
  signal.throwIfAborted()
  const stop = new AbortController()
  const put: Put = {
    container,
    key,
    facts,
    id: randomUUID(),
    body: splitIntoParts(addAbortSignal(AbortSignal.any([signal, stop.signal]), body), facts)
  }
  try {
    const first = await put.body.parts.next()
    return first.value?.isLast === true
      ? await putWhole(put, first.value.bytes, signal)
      : await putBlocks(put, first.value, stop, signal)
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    stop.abort()
    body.destroy()
  }
}

async function putWhole (put: Put, bytes: Buffer, signal: AbortSignal): Promise<StoredObject> {
  const { container, key } = put
  const md5 = hash('md5', bytes, 'buffer')
  return await publish(
    put,
    md5,
    () =>
      container.call(key, signal, options =>
        container.blob(key).upload(bytes, bytes.length, {
          ...options,
          ...described(put, md5)
        })),
    signal
  )
}

async function putBlocks (
  put: Put,
  first: UploadPart | undefined,
  stop: AbortController,
  signal: AbortSignal
): Promise<StoredObject> {
  const { container, key, body } = put
  const ids: string[] = []
  const whole = createHash('md5')
  const together = AbortSignal.any([signal, stop.signal])
  const underWay = new Set<Promise<void>>()
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {
    stop.abort()
  })
  for (let part = first; part !== undefined; part = (await Promise.race([body.parts.next(), failed.promise])).value) {
    whole.update(part.bytes)
    const id = blockId(put.id, part.number)
    ids.push(id)
    const sent = stage(put, id, part, together).catch((error: unknown) => {
      failed.reject(error)
    }).finally(() => {
      underWay.delete(sent)
    })
    underWay.add(sent)
    if (underWay.size >= SIDE_BY_SIDE) await Promise.race([...underWay, failed.promise])
  }
  await Promise.race([Promise.all(underWay), failed.promise])
  const md5 = whole.digest()
  return await publish(
    put,
    md5,
    () =>
      container.call(
        key,
        signal,
        options => container.blob(key).commitBlockList(ids, { ...options, ...described(put, md5) })
      ),
    signal
  )
}

async function stage ({ container, key }: Put, id: string, { bytes }: UploadPart, signal: AbortSignal): Promise<void> {
  await container.call(
    key,
    signal,
    options =>
      container.blob(key).stageBlock(id, bytes, bytes.length, {
        ...options,
        transactionalContentMD5: hash('md5', bytes, 'buffer')
      })
  )
}

/** All of one length, as Azure wants the blocks of an object. */
function blockId (put: string, number: number): string {
  return Buffer.from(`${put}-${String(number).padStart(6, '0')}`).toString('base64')
}

function described ({ facts, id }: Put, md5: Buffer) {
  return {
    metadata: { [PUT_ID]: id, ...facts.sha256 === undefined ? {} : { [SHA256]: facts.sha256 } },
    blobHTTPHeaders: { blobContentType: 'application/octet-stream', blobContentMD5: md5 },
    ...facts.replace === true ? {} : { conditions: { ifNoneMatch: '*' } }
  }
}

/**
 * Makes the last request of a put and holds what comes of it against what was sent. Its answer may be lost, and then
 * the object alone can tell whether it is the one that this put made. A put that fails here takes back what it has
 * made, unless it took the place of another object.
 */
async function publish (
  put: Put,
  md5: Buffer,
  request: () => Promise<unknown>,
  signal: AbortSignal
): Promise<StoredObject> {
  try {
    await request().catch(async (error: unknown) => {
      if (signal.aborted) throw error
      const found = await findHead(put.container, put.key, signal).catch(() => undefined)
      if (found?.putId === put.id) return
      throw found === undefined || put.facts.replace === true ? error : taken(put, error)
    })
    return proveStanding(put, await head(put.container, put.key, signal), md5)
  } catch (error) {
    if (put.facts.replace !== true) await withdraw(put)
    throw error
  }
}

function proveStanding ({ key, id, body, container }: Put, found: Head, md5: Buffer): StoredObject {
  const wrong = found.object.size !== body.size()
    ? `a size of ${found.object.size} instead of ${body.size()}`
    : found.putId !== id
    ? 'the mark of another put'
    : found.md5?.equals(md5) === true
    ? undefined
    : `MD5 ${found.md5?.toString('hex') ?? 'nothing'} instead of ${md5.toString('hex')}`
  if (wrong === undefined) return found.object
  throw new BackupError('STORE_FAILED', `the store reports ${wrong} for "${key}" in "${container.place}"`, {
    hint:
      'Retry. If the error remains, a proxy or gateway between this machine and the store changes data, or the store is defective.'
  })
}

/** Whoever was faster had its blocks made an object, which drops those of everybody else. */
function taken ({ key, container }: Put, cause: unknown): BackupError {
  return new BackupError('OBJECT_EXISTS', `"${key}" in "${container.place}" already exists`, {
    hint: 'Objects are never overwritten. Move the existing one elsewhere.',
    cause
  })
}

/** Its own failure is not what the caller must learn of, but that of the put. */
async function withdraw ({ container, key, id }: Put): Promise<void> {
  const signal = cleanupSignal()
  const found = await findHead(container, key, signal).catch(() => undefined)
  if (found?.putId === id) await removeBlob(container, key, signal).catch(() => {})
}
