import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import { descriptorLimit } from './descriptor-limit.ts'

/**
 * Milliseconds from the first byte of a connection, or the end of the answer before, to the last byte of the headers.
 */
const HEADERS_TIMEOUT = 15_000
/** The same to the last byte of the body. */
const REQUEST_TIMEOUT = 30_000
/** Milliseconds that a connection is kept for another request: longer than load balancers keep theirs. */
const KEEP_ALIVE_TIMEOUT = 65_000
/** Milliseconds in which a caller takes no byte of an answer that is being sent. */
const STALLED = 120_000
const CHECK_INTERVAL = 5000

/** Descriptors for the catalog, logs, libraries and whatever else is open all the time. */
const ALWAYS_OPEN = 64
/** Descriptors of one job: the pipes of its children, databases, files in scratch, connections to stores. */
const OF_A_JOB = 32
/** A connection, and the file or the connection to a store that it downloads from. */
const OF_A_CONNECTION = 2
const [FEWEST, MOST] = [16, 10_000]
const MINUTE = 60_000

/**
 * How many connections a process that may have `descriptors` open has room for beside `jobs` jobs; never fewer than 16.
 */
export function connectionsFor (descriptors: number, jobs: number): number {
  const left = Math.floor((descriptors - ALWAYS_OPEN - jobs * OF_A_JOB) / OF_A_CONNECTION)
  return Math.min(MOST, Math.max(FEWEST, left))
}

/**
 * How many connections there may be: as configured, or, where that is 0, what `connectionsFor` finds. More than there
 * is room for is logged: backups fail then with `PROCESS_LIMIT` while there are many callers.
 */
export function boundOf (configured: number, jobs: number, logger: Pick<Logger, 'warn'>): number {
  const descriptors = descriptorLimit()
  const room = connectionsFor(descriptors, jobs)
  if (configured > room) {
    logger.warn(
      { maxConnections: configured, room, openFiles: descriptors },
      'MAX_CONNECTIONS is too high for the limit of open files: backups may fail while there are many callers; raise the limit (ulimit -n, LimitNOFILE), or lower MAX_CONNECTIONS'
    )
  }
  return configured === 0 ? room : configured
}

export interface ConnectionBounds {
  readonly max: number
  /** Called for each connection that is closed since there are as many as there may be. */
  readonly onRefused: () => void
}

/**
 * A server that holds at most `max` connections, for each address that it listens on, and none for longer than there is
 * something to do: slow requests, idle connections and callers that stop reading their answer are let go. Work under
 * way whose answer has not begun may last for any time. A connection too many is closed at once, and with it those that
 * are idle, which makes room for the next one.
 */
export function boundedServer (handler: RequestListener, { max, onRefused }: ConnectionBounds): Server {
  const server = createServer({
    headersTimeout: HEADERS_TIMEOUT,
    requestTimeout: REQUEST_TIMEOUT,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
    connectionsCheckingInterval: CHECK_INTERVAL
  }, handler)
  const answers = new WeakMap<Socket, ServerResponse>()
  server.maxConnections = max
  server.on('request', (request, response) => {
    answers.set(request.socket, response)
  })
  server.on('drop', () => {
    server.closeIdleConnections()
    onRefused()
  })
  server.setTimeout(STALLED, socket => {
    const answer = answers.get(socket)
    if (answer === undefined || answer.headersSent) socket.destroy()
  })
  return server
}

/** Logs refused connections: the first at once, those after it as one line when there is another one a minute later. */
export function refusalLog (max: number, clock: Clock, logger: Pick<Logger, 'warn'>): () => void {
  let [refused, toldAt] = [0, -Infinity]
  return () => {
    refused += 1
    const now = clock.now().getTime()
    if (now - toldAt < MINUTE) return
    logger.warn(
      { refused, maxConnections: max },
      'connections were refused, because the maximum is reached; find callers that keep connections open, or raise MAX_CONNECTIONS and the limit of open files'
    )
    toldAt = now
    refused = 0
  }
}
