import type { FastifyReply, FastifyRequest } from 'fastify'
import { isSourceName } from '../core/backup/object-key.ts'
import { outcomeOf, type AuditLog, type AuditOutcome, type NewAuditEntry } from '../core/catalog/audit.ts'
import type { Clock } from '../core/clock.ts'
import { BackupError } from '../core/errors.ts'
import { addressOf } from './proxies.ts'
import { RejectedRequests } from './rejected-requests.ts'
import type { App } from './route.ts'

const READING = ['GET', 'HEAD', 'OPTIONS']
/** Headers of a proxy and subjects of a token can be of any length. */
const LONGEST = 200

declare module 'fastify' {
  interface FastifyRequest {
    /** On what something is done, where the address and the body do not tell; null: they do. */
    target: string | null
    /** It changes nothing, since it was asked not to, and shows no content. */
    onlyAsks: boolean
    /** What it does in place of the action of its route; null: just that. */
    deed: string | null
    /** Where it came from: kept, since nobody can tell any more once the caller has hung up. */
    address: string
  }
  interface FastifyContextConfig {
    /**
     * What the route does, in the words of the command line: it then leaves an entry in the audit log. Routes below
     * /api that change something cannot leave it out.
     */
    action?: string
  }
}

/**
 * Leaves one entry for each request that does something, shows content of a backup or this log, or was refused. It says
 * how the request was answered: of work that goes on, `done` means that it was accepted, and its job tells the rest.
 * What did nothing leaves none: an answer given again by its idempotency key, a dry run, a download with nothing to
 * send. An entry that cannot be written hinders no answer. Refusals and looks into this log are counted, see
 * `RejectedRequests`.
 *
 * The entry is in the catalog, though perhaps not yet durable, before the answer is sent; that of a download when it
 * has ended. To be called before whatever may refuse a request.
 */
export function keepAudit (
  app: App,
  { audit, clock }: { readonly audit: Pick<AuditLog, 'record'>, readonly clock: Clock }
): void {
  const underway = new Set<Promise<void>>()
  const refusals = new RejectedRequests(write)
  app.decorateRequest('target', null)
  app.decorateRequest('onlyAsks', false)
  app.decorateRequest('deed', null)
  app.decorateRequest('address', '')

  app.addHook('onRoute', ({ url, method, config }) => {
    const changes = [method].flat().some(name => !READING.includes(name))
    if (changes && url.startsWith('/api') && config?.action === undefined) {
      throw new BackupError('INTERNAL', `the route "${url}" changes something and has no action for the audit log`)
    }
  })
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.config.action !== undefined) request.address = addressOf(request).slice(0, LONGEST)
    done()
  })
  app.addHook('onSend', (request, reply, payload, done) => {
    const action = request.routeOptions.config.action === undefined
      ? undefined
      : request.deed ?? request.routeOptions.config.action
    const isDone = request.fault === null
    const didNothing = reply.getHeader('idempotency-replayed') !== undefined || (isDone && request.onlyAsks)
    if (action !== undefined && !didNothing) {
      if (isDone && READING.includes(request.method)) whenRead(request, reply, payload, action)
      else keep(entryOf(request, action, outcomeOf(request.fault?.code ?? null)))
    }
    done(null, payload)
  })
  app.addHook('onClose', async () => {
    refusals.close()
    await Promise.all(underway)
  })

  /** Nothing was read where there is no body: by HEAD, or since the caller has it already. */
  function whenRead (request: FastifyRequest, reply: FastifyReply, payload: unknown, action: string): void {
    if (request.method === 'HEAD' || payload === undefined || payload === null) return
    if (typeof payload === 'object') whenSent(request, reply, action)
    else keep(entryOf(request, action, 'done'))
  }

  function whenSent (request: FastifyRequest, reply: FastifyReply, action: string): void {
    let outcome: AuditOutcome = 'failed'
    reply.raw.once('finish', () => {
      outcome = 'done'
    })
    reply.raw.once('close', () => {
      keep(entryOf(request, action, outcome))
    })
  }

  /**
   * What can be refused again and again, or looked at by polling, is counted, so that nobody fills the disk with it.
   */
  function keep (entry: NewAuditEntry): void {
    if (entry.outcome === 'refused' || entry.action === 'audit') refusals.add(entry)
    else write(entry)
  }

  function entryOf (request: FastifyRequest, action: string, outcome: AuditOutcome): NewAuditEntry {
    return {
      at: clock.now(),
      origin: 'api',
      actor: request.caller?.token.subject?.slice(0, LONGEST) ?? null,
      role: request.caller?.role ?? null,
      address: request.address,
      action,
      target: targetOf(request),
      outcome,
      code: request.fault?.code ?? null,
      requestId: request.id
    }
  }

  function write (entry: NewAuditEntry): void {
    const writing = audit.record(entry).then(() => {}, (error: unknown) => {
      app.log.error(
        { err: error, action: entry.action, requestId: entry.requestId },
        'an entry of the audit log could not be written'
      )
    }).finally(() => {
      underway.delete(writing)
    })
    underway.add(writing)
  }
}

/** Neither the path nor the body of a request that was refused need have been checked. */
function targetOf (request: FastifyRequest): string | null {
  if (request.target !== null) return request.target
  const { id, name } = request.params as { readonly id?: string | number, readonly name?: string }
  const kind = /^\/api\/(backup|job|source|store)s\/:/.exec(request.routeOptions.url ?? '')?.[1]
  if (kind !== undefined && id !== undefined) return /^[1-9]\d{0,14}$/.test(String(id)) ? `${kind} ${id}` : null
  if (kind === 'store' && name !== undefined) return isSourceName(name) ? `store ${name}` : null
  const source = name ?? (request.body as { readonly source?: unknown } | null | undefined)?.source
  return typeof source === 'string' && isSourceName(source) ? `source ${source}` : null
}
