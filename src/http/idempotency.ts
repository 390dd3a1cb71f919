import type { FastifyReply, FastifyRequest } from 'fastify'
import { createHash } from 'node:crypto'
import type { IdempotencyStore, StoredAnswer } from '../core/catalog/catalog.ts'
import type { Clock } from '../core/clock.ts'
import { BackupError, ERRORS } from '../core/errors.ts'
import { pathOf } from './errors.ts'
import type { App } from './route.ts'

const KEPT_MS = 24 * 3_600_000
const KEPT_HEADERS = ['content-type', 'location', 'preference-applied']

/** An answer, and the request that it belongs to. */
interface First {
  readonly fingerprint: string
  readonly answer: StoredAnswer
}

interface Underway extends PromiseWithResolvers<First> {
  readonly scope: string
  readonly key: string
  readonly fingerprint: string
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The promise to others that this request answers for them, too. */
    underway: Underway | null
  }
}

/**
 * `Idempotency-Key` on every POST: the first request with a key does the work; whoever comes with the same key within
 * 24 hours, or while it is under way, gets its answer. What a retry may mend is not kept (5xx, busy, and whatever else
 * the table of errors marks), nor what was refused before it reached a handler.
 */
export function rememberAnswers (
  app: App,
  { idempotency, clock }: { readonly idempotency: IdempotencyStore, readonly clock: Clock }
): void {
  const all = new Map<string, Underway>()
  app.decorateRequest('underway', null)
  app.addHook('onRoute', route => {
    if (route.method !== 'POST') return
    route.preHandler = [answerAgain, ...[route.preHandler ?? []].flat()]
    route.onSend = [...[route.onSend ?? []].flat(), keep]
  })

  async function answerAgain (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    const key = keyOf(request)
    if (key === undefined) return undefined
    const scope = `${request.caller?.identity ?? ''} ${request.method} ${pathOf(request.url)}`
    const fingerprint = createHash('sha256').update(JSON.stringify([request.query, request.body ?? null])).digest('hex')
    const other = all.get(`${scope} ${key}`)
    if (other !== undefined) return await replay(reply, await other.promise, fingerprint)

    // Entered before anything is awaited, so that of two at once only one goes on.
    const underway: Underway = { scope, key, fingerprint, ...Promise.withResolvers<First>() }
    underway.promise.catch(() => {
      // whoever waits for it sees the error; nobody need
    })
    all.set(`${scope} ${key}`, underway)
    try {
      const stored = await idempotency.find(scope, key, new Date(clock.now().getTime() - KEPT_MS))
      if (stored === undefined) {
        request.underway = underway
        return undefined
      }
      settle(underway, stored)
      return await replay(reply, stored, fingerprint)
    } catch (error) {
      all.delete(`${scope} ${key}`)
      underway.reject(error)
      throw error
    }
  }

  async function keep (request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<void> {
    const { underway } = request
    if (underway === null) return
    request.underway = null
    const { scope, key, fingerprint } = underway
    const answer = {
      status: reply.statusCode,
      headers: keptHeaders(reply),
      body: typeof payload === 'string' ? payload : ''
    }
    try {
      if (request.fault === null || isFinal(request.fault)) {
        await idempotency.save(scope, key, fingerprint, answer, clock.now())
      }
    } catch (error) {
      // The work is done and its answer is right; only a later retry will not be recognised.
      request.log.error({ err: error }, 'the response for an idempotency key could not be stored')
    }
    settle(underway, { fingerprint, answer })
  }

  function settle (underway: Underway, first: First): void {
    all.delete(`${underway.scope} ${underway.key}`)
    underway.resolve(first)
  }
}

function keyOf (request: FastifyRequest): string | undefined {
  const header = request.headers['idempotency-key']
  if (header === undefined) return undefined
  if (typeof header === 'string' && /^[\x21-\x7e]{1,255}$/.test(header)) return header
  throw new BackupError('VALIDATION_FAILED', 'the header "Idempotency-Key" is not valid', {
    hint: 'Use 1 to 255 visible ASCII characters without spaces, such as a UUID.'
  })
}

function keptHeaders (reply: FastifyReply): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name of KEPT_HEADERS) {
    const value = reply.getHeader(name)
    if (value !== undefined) kept[name] = String(value)
  }
  return kept
}

function isFinal ({ code }: BackupError): boolean {
  return ERRORS[code].status < 500 && !ERRORS[code].retry
}

function replay (reply: FastifyReply, { fingerprint, answer }: First, asked: string): FastifyReply {
  if (fingerprint !== asked) {
    throw new BackupError('IDEMPOTENCY_KEY_REUSED', 'the idempotency key was used for a different request', {
      hint: 'Use a new key for each different request.'
    })
  }
  return reply.code(answer.status).headers(answer.headers).header('idempotency-replayed', 'true').send(answer.body)
}
