import { hash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

const QUANTUM = 256 * 1024
const OBJECT = /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/
const OBJECTS = /^\/storage\/v1\/b\/([^/]+)\/o$/
const BUCKET = /^\/storage\/v1\/b\/([^/]+)$/
const UPLOAD = /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/

interface Held {
  readonly bytes: Buffer
  readonly generation: number
  readonly timeCreated: string
  readonly metadata: Readonly<Record<string, string>>
}

interface Session {
  readonly bucket: string
  readonly described: Described
  readonly match: string | null
  bytes: Buffer
  /** What the last request answered: whoever asks again hears it again. */
  done: object | undefined
}

interface Described {
  readonly name: string
  readonly metadata?: Readonly<Record<string, string>>
  readonly md5Hash?: string
}

export interface FakeBucket {
  readonly objects: Map<string, Held>
  settings: {
    versioning?: { enabled: boolean }
    objectRetention?: { mode: string }
    retentionPolicy?: { retentionPeriod: string }
  }
  /** What it answers to a DELETE, where that is to be refused. */
  refusal?: { readonly status: number, readonly reason: string }
  /** Objects a page; like the real one it may give fewer than were asked for. */
  pageSize: number
}

export interface FakeGcs {
  readonly endpoint: string
  /** Makes a new bucket, and tells its name. */
  bucket(): string
  bucketOf(name: string): FakeBucket
  /** How many uploads were begun, and neither finished nor given up. */
  unfinished(): number
  /** So many bytes of a chunk are kept at most, as the real one may do, in multiples of 256 KiB. */
  keepsOfChunk: number
  stop(): Promise<void>
}

class Answer {
  readonly status: number
  readonly body: object | Buffer | undefined
  readonly headers: Readonly<Record<string, string | number>>

  constructor (status: number, body?: object | Buffer, headers: Readonly<Record<string, string | number>> = {}) {
    this.status = status
    this.body = body
    this.headers = headers
  }
}

/**
 * What of the JSON API of Google Cloud Storage a store needs, from its documentation: uploads in one part, in two and
 * in chunks that can be resumed; conditions on generations; ranges; lists in pages; and the refusals that belong to
 * them.
 */
export async function startFakeGcs (): Promise<FakeGcs> {
  const buckets = new Map<string, FakeBucket>()
  const sessions = new Map<string, Session>()
  let generation = 1_700_000_000_000_000
  const gcs = { keepsOfChunk: Number.POSITIVE_INFINITY }

  const refuse = (status: number, reason: string, message = reason): Answer =>
    new Answer(status, { error: { code: status, message, errors: [{ domain: 'global', reason, message }] } })
  const bucketOf = (name: string): FakeBucket => {
    const bucket = buckets.get(decodeURIComponent(name))
    if (bucket === undefined) throw refuse(404, 'notFound', 'The specified bucket does not exist.')
    return bucket
  }
  const resourceOf = (name: string, { bytes, generation, timeCreated, metadata }: Held): object => ({
    kind: 'storage#object',
    name,
    size: String(bytes.length),
    generation: String(generation),
    timeCreated,
    updated: timeCreated,
    md5Hash: hash('md5', bytes, 'base64'),
    metadata
  })

  const isMatch = (bucket: FakeBucket, name: string, match: string | null): boolean =>
    match === null || Number(match) === (bucket.objects.get(name)?.generation ?? 0)
  const make = (
    bucketName: string,
    { name, metadata = {}, md5Hash }: Described,
    bytes: Buffer,
    match: string | null
  ): object => {
    const bucket = bucketOf(bucketName)
    if (!isMatch(bucket, name, match)) {
      throw refuse(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.')
    }
    if (md5Hash !== undefined && md5Hash !== hash('md5', bytes, 'base64')) {
      throw refuse(400, 'invalid', 'Provided MD5 hash does not match calculated MD5 hash.')
    }
    const held: Held = { bytes, generation: ++generation, timeCreated: new Date().toISOString(), metadata }
    bucket.objects.set(name, held)
    return resourceOf(name, held)
  }

  function upload (bucketName: string, { query, request, body }: Asked): Answer {
    const match = query.get('ifGenerationMatch')
    switch (query.get('uploadType')) {
      case 'media':
        return new Answer(200, make(bucketName, { name: query.get('name') ?? '' }, body, match))
      case 'multipart': {
        const [described, bytes] = partsOf(request.headers['content-type'] ?? '', body)
        return new Answer(200, make(bucketName, JSON.parse(described.toString()) as Described, bytes, match))
      }
      case 'resumable': {
        const described = JSON.parse(body.toString()) as Described
        if (!isMatch(bucketOf(bucketName), described.name, match)) throw refuse(412, 'conditionNotMet')
        const id = randomUUID()
        sessions.set(id, { bucket: bucketName, described, match, bytes: Buffer.alloc(0), done: undefined })
        return new Answer(200, undefined, {
          location: `http://${
            request.headers.host ?? ''
          }/upload/storage/v1/b/${bucketName}/o?uploadType=resumable&upload_id=${id}`
        })
      }
      default:
        throw refuse(400, 'badRequest')
    }
  }

  function resume (id: string, { request, body }: Asked): Answer {
    const session = sessions.get(id)
    if (session === undefined) throw refuse(404, 'notFound')
    if (request.method === 'DELETE') {
      sessions.delete(id)
      return new Answer(499)
    }
    if (session.done !== undefined) return new Answer(200, session.done)
    const [, start, end, total] = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(request.headers['content-range'] ?? '') ??
      []
    if (total === undefined) throw refuse(400, 'badRequest', 'Failed to parse Content-Range header.')
    const isLast = total !== '*' &&
      (start === undefined ? session.bytes.length === Number(total) : Number(end) + 1 === Number(total))
    if (start !== undefined) {
      if (Number(end) - Number(start) + 1 !== body.length) {
        throw refuse(400, 'badRequest', 'Content-Length does not match Content-Range.')
      }
      if (Number(start) > session.bytes.length) throw refuse(503, 'backendError', 'The upload has a gap.')
      if (!isLast && body.length % QUANTUM !== 0) {
        throw refuse(400, 'badRequest', 'Chunks but the last one are multiples of 256 KiB.')
      }
      const kept = isLast ? body : body.subarray(0, gcs.keepsOfChunk)
      session.bytes = Buffer.concat([session.bytes.subarray(0, Number(start)), kept])
    }
    if (!isLast) {
      return new Answer(
        308,
        undefined,
        session.bytes.length === 0 ? {} : { range: `bytes=0-${session.bytes.length - 1}` }
      )
    }
    session.done = make(session.bucket, session.described, session.bytes, session.match)
    return new Answer(200, session.done)
  }

  function object (bucketName: string, name: string, { query, request }: Asked): Answer {
    const bucket = bucketOf(bucketName)
    const held = bucket.objects.get(name)
    const wanted = query.get('generation')
    if (held === undefined || (wanted !== null && Number(wanted) !== held.generation)) {
      throw refuse(404, 'notFound', `No such object: ${bucketName}/${name}`)
    }
    if (request.method === 'DELETE') {
      if (bucket.refusal !== undefined) throw refuse(bucket.refusal.status, bucket.refusal.reason)
      bucket.objects.delete(name)
      return new Answer(204)
    }
    return query.get('alt') === 'media'
      ? media(held.bytes, request.headers.range)
      : new Answer(200, resourceOf(name, held))
  }

  function media (bytes: Buffer, range: string | undefined): Answer {
    const [, start, end] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
    if (start === undefined) return new Answer(200, bytes)
    if (Number(start) >= bytes.length) throw refuse(416, 'requestedRangeNotSatisfiable')
    const part = bytes.subarray(Number(start), end === '' ? undefined : Number(end) + 1)
    return new Answer(206, part, {
      'content-range': `bytes ${start}-${Number(start) + part.length - 1}/${bytes.length}`
    })
  }

  function list (bucketName: string, { query }: Asked): Answer {
    const { objects, pageSize } = bucketOf(bucketName)
    const after = query.get('pageToken')
    const found = [...objects.keys()].filter(name => name.startsWith(query.get('prefix') ?? '')).toSorted((a, b) =>
      Buffer.compare(Buffer.from(a), Buffer.from(b))
    )
      .filter(name => after === null || Buffer.compare(Buffer.from(name), Buffer.from(after, 'base64')) > 0)
    const page = found.slice(0, Math.min(pageSize, Number(query.get('maxResults') ?? 1_000)))
    const items = page.map(name => resourceOf(name, objects.get(name) as Held))
    return new Answer(200, {
      kind: 'storage#objects',
      ...items.length === 0 ? {} : { items },
      ...page.length < found.length ? { nextPageToken: Buffer.from(page.at(-1) ?? '').toString('base64') } : {}
    })
  }

  function answer (asked: Asked): Answer {
    const { path, query, request } = asked
    const session = query.get('upload_id')
    if (session !== null) return resume(session, asked)
    const [, uploaded] = UPLOAD.exec(path) ?? []
    if (uploaded !== undefined && request.method === 'POST') return upload(uploaded, asked)
    const [, of, name] = OBJECT.exec(path) ?? []
    if (of !== undefined && name !== undefined) return object(of, decodeURIComponent(name), asked)
    const [, listed] = OBJECTS.exec(path) ?? []
    if (listed !== undefined) return list(listed, asked)
    const [, bucket] = BUCKET.exec(path) ?? []
    if (bucket !== undefined) return new Answer(200, bucketOf(bucket).settings)
    throw refuse(404, 'notFound')
  }

  const server = createServer((request, response) => {
    serve(request, response, answer).catch(() => {
      response.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(gcs, {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bucket () {
      const name = `bucket-${buckets.size + 1}`
      buckets.set(name, { objects: new Map(), settings: {}, pageSize: 1_000 })
      return name
    },
    bucketOf,
    unfinished: () => [...sessions.values()].filter(({ done }) => done === undefined).length,
    async stop () {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  })
}

interface Asked {
  readonly path: string
  readonly query: URLSearchParams
  readonly request: IncomingMessage
  readonly body: Buffer
}

async function serve (
  request: IncomingMessage,
  response: ServerResponse,
  answer: (asked: Asked) => Answer
): Promise<void> {
  const url = new URL(request.url ?? '', 'http://fake')
  const body = await buffer(request)
  const { status, body: told, headers } = attempt(() =>
    answer({ path: url.pathname, query: url.searchParams, request, body })
  )
  const bytes = Buffer.isBuffer(told) ? told : Buffer.from(told === undefined ? '' : JSON.stringify(told))
  response.writeHead(status, {
    'content-type': Buffer.isBuffer(told) ? 'application/octet-stream' : 'application/json; charset=UTF-8',
    'content-length': bytes.length,
    ...headers
  }).end(bytes)
}

function attempt (work: () => Answer): Answer {
  try {
    return work()
  } catch (thrown) {
    if (thrown instanceof Answer) return thrown
    throw thrown
  }
}

/** The two parts of a body of `multipart/related`. */
function partsOf (type: string, body: Buffer): readonly [Buffer, Buffer] {
  const [, boundary = ''] = /boundary="?([^";]+)/.exec(type) ?? []
  const [first, second] = [body.indexOf(`--${boundary}`), body.indexOf(`\r\n--${boundary}\r\n`)]
  const contentOf = (part: Buffer): Buffer => part.subarray(part.indexOf('\r\n\r\n') + 4)
  return [
    contentOf(body.subarray(first, second)),
    contentOf(body.subarray(second, body.lastIndexOf(`\r\n--${boundary}--`)))
  ]
}
