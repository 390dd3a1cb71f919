import { text as readAll } from 'node:stream/consumers'
import { boundedStream } from '../answer.ts'
import { isEndless } from '../failures.ts'
import { retry } from '../retry.ts'
import { authorization } from './credentials.ts'
import { credentialsError, gcsError, isPassing, Refusal } from './errors.ts'
import type { GcsStoreOptions } from './options.ts'

const GOOGLE = 'https://storage.googleapis.com'
/** What one request may take: enough for a chunk over a line of 10 KB a second. Milliseconds. */
const REQUEST_MS = 15 * 60_000

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Within the JSON API, or a whole URL that the service gave. */
  readonly url: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer | string
  /** Answers that are none of a failure; without it, those below 300. */
  readonly expect?: readonly number[]
}

/** The bucket, and the ways to ask it for something. */
export interface Bucket {
  readonly options: GcsStoreOptions
  /** For people. */
  readonly place: string
  /** In the JSON API: the bucket itself, its objects, one object, and where objects are uploaded. */
  readonly urls: {
    readonly bucket: string
    readonly objects: string
    readonly upload: string
    object(key: string): string
  }
  /**
   * Makes the request, again where that can help, five times at most. Rejects with the signal's reason, or with a
   * BackupError about the object `key`, or about the bucket where that is empty.
   */
  ask(key: string, signal: AbortSignal, request: Request): Promise<Response>
  /** The same, once: rejects with what the network says, or a `Refusal`. */
  askOnce(request: Request, signal: AbortSignal): Promise<Response>
}

/**
 * Google's library finds the credentials and keeps their tokens fresh. The requests are our own: those of Google's
 * client of storage know no signals, and decide by themselves what to do about a broken upload.
 */
export function openBucket (options: GcsStoreOptions): Bucket {
  const { bucket, prefix, keyFile, endpoint, clock } = options
  const place = `gs://${bucket}/${prefix}`
  const base = endpoint ?? GOOGLE
  const authorized = endpoint === undefined || keyFile !== undefined ? authorization(keyFile) : async () => ({})
  const objects = `${base}/storage/v1/b/${encodeURIComponent(bucket)}/o`

  const credentials = (): Promise<Readonly<Record<string, string>>> =>
    authorized(base).catch((error: unknown) => {
      throw credentialsError(error, place)
    })

  async function askOnce (
    { method, url, query = {}, headers = {}, body, expect }: Request,
    signal: AbortSignal
  ): Promise<Response> {
    const whole = new URL(url)
    for (const [name, value] of Object.entries(query)) whole.searchParams.set(name, value)
    // An answer of 308 is no redirect here: an upload is to go on.
    const answer = await fetch(whole, {
      method,
      headers: { ...await credentials(), ...headers },
      signal,
      redirect: 'manual',
      ...body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }
    })
    if (expect === undefined ? answer.ok : expect.includes(answer.status)) return answer
    throw await refusal(answer)
  }

  return {
    options,
    place,
    urls: {
      bucket: objects.slice(0, -2),
      objects,
      upload: `${base}/upload/storage/v1/b/${encodeURIComponent(bucket)}/o`,
      object: key => `${objects}/${encodeURIComponent(prefix + key)}`
    },
    askOnce,
    async ask (key, signal, request) {
      try {
        return await retry({ clock, signal, limit: REQUEST_MS, isPassing }, together => askOnce(request, together))
      } catch (error) {
        signal.throwIfAborted()
        throw gcsError(error, key, place)
      }
    }
  }
}

async function refusal (answer: Response): Promise<Refusal> {
  const text = await readText(answer).catch((error: unknown) => {
    if (isEndless(error)) throw error
    return ''
  })
  const { reason, message } = told(text)
  return new Refusal(answer.status, reason, message ?? `HTTP ${answer.status}`)
}

/** An answer that is no content of an object. Rejects with `AnswerTooLong`. */
export async function readText (answer: Response): Promise<string> {
  return answer.body === null ? '' : await readAll(boundedStream(answer.body))
}

/** The service answers in JSON; what stands between may answer in anything. */
function told (text: string): { readonly reason: string, readonly message?: string } {
  try {
    const { error } = JSON.parse(text) as {
      readonly error?: { readonly message?: string, readonly errors?: ReadonlyArray<{ readonly reason?: string }> }
    }
    return {
      reason: error?.errors?.[0]?.reason ?? '',
      ...error?.message === undefined ? {} : { message: error.message }
    }
  } catch {
    return { reason: '' }
  }
}
