import rateLimit from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'
import { BackupError } from '../core/errors.ts'
import { addressOf } from './proxies.ts'
import type { App } from './route.ts'

const MINUTE = 60_000

/** Who is counted: the caller, where a token says who it is, or the address. */
export type Origin = Pick<FastifyRequest, 'ip' | 'socket'> & Partial<Pick<FastifyRequest, 'caller'>>

/** Seconds until the origin may ask again; undefined: it may ask now. Counts the question. */
export type Wait = (origin: Origin) => Promise<number | undefined>

/**
 * From now on each caller may make `max` requests a minute, of whatever kind. Returns what counts those that never come
 * to a route.
 */
export async function limitRate (app: App, max: number): Promise<Wait> {
  await app.register(rateLimit, {
    max,
    timeWindow: MINUTE,
    keyGenerator: (request: Origin) => request.caller?.identity ?? `address ${addressOf(request)}`,
    errorResponseBuilder: rateLimited
  })
  const count = app.createRateLimit()
  return async origin => {
    // The library asks a request for nothing but its route and what the key is made of.
    const found = await count({ routeOptions: {}, ...pick(origin) } as FastifyRequest)
    return found.isAllowed || !found.isExceeded ? undefined : found.ttlInSeconds
  }
}

function pick ({ ip, socket, caller }: Origin): Origin {
  return { ip, socket, ...caller !== undefined && { caller } }
}

export function rateLimited (): BackupError {
  return new BackupError('RATE_LIMITED', 'too many requests in the last minute', {
    hint: 'Wait for the time in Retry-After.'
  })
}
