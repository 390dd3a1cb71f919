import type { FastifyReply, FastifyRequest } from 'fastify'
import { pathOf } from './errors.ts'
import { addressOf } from './proxies.ts'
import type { App } from './route.ts'

/** Levels at which even a request that only read is written down. */
const DETAILED = ['debug', 'trace']

/**
 * One line a request, when it is over: no query, no headers, no body, so that no token can be among it. What only reads
 * and went well is for debugging; probes and dashboards would drown the rest.
 */
export function logRequests (app: App): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    if (request.url.startsWith('/api')) reply.header('cache-control', 'no-store')
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const isQuiet = reply.statusCode < 400 && (request.method === 'GET' || request.method === 'HEAD')
    if (!isQuiet) request.log.info(factsOf(request, reply), 'request')
    else if (DETAILED.includes(request.log.level)) request.log.debug(factsOf(request, reply), 'request')
    done()
  })
}

function factsOf (request: FastifyRequest, reply: FastifyReply): object {
  return {
    method: request.method,
    path: pathOf(request.url),
    status: reply.statusCode,
    ms: Math.round(reply.elapsedTime),
    ip: addressOf(request),
    caller: request.caller?.identity,
    code: request.fault?.code
  }
}
