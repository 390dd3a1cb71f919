import { cleanupSignal } from '../../core/cleanup-signal.ts'
import { BackupError } from '../../core/errors.ts'
import type { UploadPart } from '../multipart.ts'
import { retry } from '../retry.ts'
import { readText, type Bucket } from './bucket.ts'
import { gcsError, isPassing } from './errors.ts'

/** What a chunk may take: 8 MiB over a line of 10 KB a second. Milliseconds. */
const CHUNK_MS = 15 * 60_000
const GOES_ON = 308
const DONE = [200, 201]
const PERSISTED = /^bytes=0-(\d+)$/

/**
 * An upload that can be resumed: nobody sees anything of it before its last byte is there, and Google drops it after a
 * week.
 */
export interface Session {
  readonly bucket: Bucket
  readonly key: string
  readonly url: string
  /** Bytes that the store has for sure. */
  at: number
}

export interface Beginning {
  readonly query: Readonly<Record<string, string>>
  readonly metadata: object
  readonly type: string
}

export async function beginSession (
  bucket: Bucket,
  key: string,
  { query, metadata, type }: Beginning,
  signal: AbortSignal
): Promise<Session> {
  const answer = await bucket.ask(key, signal, {
    method: 'POST',
    url: bucket.urls.upload,
    query: { uploadType: 'resumable', ...query },
    headers: { 'content-type': 'application/json; charset=UTF-8', 'x-upload-content-type': type },
    body: JSON.stringify(metadata)
  })
  await answer.body?.cancel()
  const url = answer.headers.get('location')
  if (url !== null) return { bucket, key, url, at: 0 }
  throw new BackupError('STORE_FAILED', `the store "${bucket.place}" started an upload without returning its address`, {
    hint: 'Check proxies and gateways between this machine and the store: one of them removes a response header.'
  })
}

/**
 * Brings the bytes of one part there: all of them, however often the connection breaks. `total` is the length of the
 * whole, for the last part: its answer is then what the store says of the object. Throws as `Bucket.ask` does.
 */
export async function sendChunk (
  session: Session,
  { bytes }: UploadPart,
  total: number | undefined,
  signal: AbortSignal
): Promise<unknown> {
  const { bucket, key } = session
  const from = session.at
  let isUnsure = false
  try {
    for (;;) {
      const answer = await retry(
        { clock: bucket.options.clock, signal, limit: CHUNK_MS, isPassing },
        async together => {
          // What came of the try before is the store's to say.
          const known = isUnsure ? await askState(session, total, together) : undefined
          if (known !== undefined && known.status !== GOES_ON) return known
          isUnsure = true
          return await put(session, bytes.subarray(session.at - from), total, together)
        }
      )
      isUnsure = false
      if (answer.status !== GOES_ON) {
        if (total === undefined) throw lied(session, 'was completed by the store before the last byte')
        return JSON.parse(await readText(answer)) as unknown
      }
      const before = session.at
      session.at = persisted(session, answer, from, from + bytes.length)
      if (session.at === from + bytes.length && total === undefined) return undefined
      if (session.at === before) throw lied(session, 'accepts no more bytes')
    }
  } catch (error) {
    signal.throwIfAborted()
    throw gcsError(error, key, bucket.place)
  }
}

/** What cannot be taken back now is dropped by the store after a week. */
export async function abandonSession ({ bucket, url }: Session): Promise<void> {
  await bucket.askOnce({ method: 'DELETE', url, expect: [200, 204, 404, 410, 499] }, cleanupSignal()).then(
    async answer => {
      await answer.body?.cancel()
    },
    () => {}
  )
}

async function put (
  { bucket, url, at }: Session,
  bytes: Buffer,
  total: number | undefined,
  signal: AbortSignal
): Promise<Response> {
  const range = bytes.length === 0 ? '*' : `${at}-${at + bytes.length - 1}`
  return await bucket.askOnce({
    method: 'PUT',
    url,
    headers: { 'content-range': `bytes ${range}/${total ?? '*'}` },
    body: bytes,
    expect: [...DONE, GOES_ON]
  }, signal)
}

async function askState (session: Session, total: number | undefined, signal: AbortSignal): Promise<Response> {
  const answer = await session.bucket.askOnce({
    method: 'PUT',
    url: session.url,
    headers: { 'content-range': `bytes */${total ?? '*'}` },
    body: '',
    expect: [...DONE, GOES_ON]
  }, signal)
  if (answer.status === GOES_ON) session.at = persisted(session, answer, 0, Number.POSITIVE_INFINITY)
  return answer
}

/** Bytes that the store says it has. It never has fewer than it said before, nor more than it was sent. */
function persisted (session: Session, answer: Response, least: number, most: number): number {
  const [, last] = PERSISTED.exec(answer.headers.get('range') ?? '') ?? []
  const bytes = last === undefined ? 0 : Number(last) + 1
  if (bytes >= least && bytes <= most) return bytes
  throw lied(session, `has an implausible size of ${bytes} bytes in the store`)
}

function lied ({ bucket, key }: Session, what: string): BackupError {
  return new BackupError('STORE_FAILED', `the upload of "${key}" to "${bucket.place}" ${what}`, {
    hint: 'Retry: the upload then starts again.'
  })
}
