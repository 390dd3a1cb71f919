import fastify, { LogController, type FastifyBaseLogger } from 'fastify'
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { AlertLog } from '../core/alert/alert.ts'
import type { AuditLog } from '../core/catalog/audit.ts'
import type { IdempotencyStore } from '../core/catalog/catalog.ts'
import type { Clock } from '../core/clock.ts'
import type { Listener } from '../core/event.ts'
import type { KindOutline } from '../core/ports/source-kind.ts'
import type { Secret } from '../core/secret.ts'
import type { TokenLog } from '../core/catalog/token.ts'
import type { Engine } from '../engine/engine.ts'
import { keepAudit } from './audit.ts'
import { authenticate, type TokenKey } from './auth.ts'
import { readBodies } from './bodies.ts'
import { boundedServer, refusalLog } from './connections.ts'
import { serveDocs } from './docs.ts'
import { answerErrors } from './errors.ts'
import { EventHub } from './event-hub.ts'
import { rememberAnswers } from './idempotency.ts'
import { Malformed } from './malformed.ts'
import { answerUnknown } from './not-found.ts'
import { describeRoutes } from './openapi.ts'
import { ResponseCache } from './response-cache.ts'
import type { FixedOption } from '../present/config.ts'
import { presentEvent } from '../present/event.ts'
import { trustOf, type TrustedProxies } from './proxies.ts'
import { limitRate } from './rate-limit.ts'
import { JobThroughput } from './job-throughput.ts'
import { logRequests } from './request-log.ts'
import { revocations } from './revocation.ts'
import type { App } from './route.ts'
import { startersOf } from './starters.ts'
import { alertRoutes } from './routes/alerts.ts'
import { auditRoute } from './routes/audit.ts'
import { backupRoutes } from './routes/backups.ts'
import { configRoutes } from './routes/config.ts'
import { createRoute } from './routes/create.ts'
import { downloadRoute } from './routes/download.ts'
import { drillRoutes } from './routes/drills.ts'
import { eventRoute } from './routes/events.ts'
import { healthRoutes, type HealthReport } from './routes/health.ts'
import { jobRoutes } from './routes/jobs.ts'
import { metricsRoute, type MetricsText } from './routes/metrics.ts'
import { pruneRoute } from './routes/prune.ts'
import { fileRoutes } from './routes/files.ts'
import { restoreRoutes } from './routes/restores.ts'
import { rowRoutes } from './routes/rows.ts'
import { runRoute } from './routes/runs.ts'
import { sourceRoutes } from './routes/sources.ts'
import { releaseRoutes } from './routes/release.ts'
import { storeRoutes } from './routes/stores.ts'
import { trashRoutes } from './routes/trash.ts'
import { uploadRoute } from './routes/upload.ts'
import { verifyRoutes } from './routes/verify.ts'
import { addSecurityHeaders } from './security-headers.ts'
import { compileSerializer, compileValidator } from './validation.ts'

export interface ServerDeps {
  readonly engine: Engine
  /** The kinds of sources that are known. */
  readonly kinds: readonly KindOutline[]
  readonly events: { subscribe(listener: Listener): () => void }
  readonly idempotency: IdempotencyStore
  readonly alerts: Pick<AlertLog, 'list'>
  readonly audit: Pick<AuditLog, 'record' | 'list'>
  readonly clock: Clock
  readonly tokenKey: TokenKey
  readonly tokens: Pick<TokenLog, 'isRevoked'>
  readonly requireTokenExpiry: boolean
  /** Name of the source that is the catalog itself: it holds what is for admins alone. */
  readonly ownSource: string
  readonly limits: {
    readonly bodyBytes: number
    /** For each caller; 0: no limit. */
    readonly requestsPerMinute: number
    /** Open at once. */
    readonly connections: number
  }
  /** Called for each connection too many. */
  readonly onRefusedConnection: () => void
  readonly trustProxy: TrustedProxies
  readonly metrics: MetricsText
  readonly metricsToken: Secret | undefined
  readonly hstsIncludeSubdomains: boolean
  /** What is only read at the start: shown, and named where somebody tries to change it. */
  readonly fixed: readonly FixedOption[]
  health(): Promise<HealthReport>
  ready(): boolean
  /** undefined: nothing is logged. */
  readonly logger: FastifyBaseLogger | undefined
  readonly version: string
}

/**
 * The API, ready for `listen` or `inject`; it listens nowhere yet. `close` ends the event streams and waits for answers
 * under way.
 */
export async function buildServer (deps: ServerDeps): Promise<App> {
  const { engine, events, clock, limits } = deps
  const logRefused = deps.logger === undefined ? undefined : refusalLog(limits.connections, clock, deps.logger)
  const onRefused = (): void => {
    deps.onRefusedConnection()
    logRefused?.()
  }
  const malformed = new Malformed()
  const app: App = fastify({
    serverFactory: handler => boundedServer(handler, { max: limits.connections, onRefused }),
    ...deps.logger === undefined ? { logger: false } : { loggerInstance: deps.logger.child({}) },
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.bodyBytes,
    trustProxy: trustOf(deps.trustProxy),
    genReqId: requestId,
    // While closing, requests are still answered as the engine says, and not in a shape of Fastify's own.
    return503OnClosing: false,
    frameworkErrors: malformed.answerAddress,
    clientErrorHandler: malformed.answerBytes
  })
  app.setValidatorCompiler(compileValidator)
  app.setSerializerCompiler(compileSerializer)
  answerErrors(app)
  logRequests(app)
  readBodies(app)
  await addSecurityHeaders(app, deps)
  keepAudit(app, deps)
  const isRevoked = revocations(deps.tokens, () => engine.version())
  await authenticate(app, { ...deps, isRevoked })
  if (limits.requestsPerMinute > 0) malformed.limitBy(await limitRate(app, limits.requestsPerMinute))
  // Whatever is not there counts as well.
  answerUnknown(app, limits.requestsPerMinute > 0 ? app.rateLimit() : undefined)
  rememberAnswers(app, deps)
  await describeRoutes(app, deps.version)
  const starterOf = startersOf(app)

  const responses = new ResponseCache(() => engine.version(), clock)
  const throughput = new JobThroughput(clock)
  const hub = new EventHub()
  const unsubscribe = events.subscribe(event => {
    throughput.watch(event)
    hub.send(
      event.type,
      () => presentEvent(event, job => throughput.of(job)),
      event.type === 'job.updated' && event.job.status === 'running'
    )
  })
  let isClosing = false
  app.addHook('preClose', done => {
    isClosing = true
    unsubscribe()
    hub.close()
    done()
  })
  app.addHook('onResponse', (_request, _reply, done) => {
    // A connection that was busy when the closing began would wait for another request, and the closing with it.
    if (isClosing) app.server.closeIdleConnections()
    done()
  })

  backupRoutes(app, { engine, clock, responses })
  createRoute(app, { engine })
  verifyRoutes(app, { engine })
  uploadRoute(app, { engine })
  pruneRoute(app, { engine })
  trashRoutes(app, { engine })
  releaseRoutes(app, { engine })
  rowRoutes(app, deps)
  restoreRoutes(app, deps)
  fileRoutes(app, { engine })
  drillRoutes(app, { engine })
  downloadRoute(app, { engine })
  configRoutes(app, deps)
  sourceRoutes(app, { engine, clock })
  storeRoutes(app, { engine })
  jobRoutes(app, { engine, throughput, starterOf })
  runRoute(app, { engine })
  eventRoute(app, { hub, isRevoked, clock })
  alertRoutes(app, deps)
  auditRoute(app, deps)
  healthRoutes(app, { ...deps, responses })
  metricsRoute(app, deps)
  await serveDocs(app)
  return app
}

/** The caller's own id, where it is one that can be logged as it is. */
function requestId (request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID()
}

/**
 * Listens, and resolves with the address. Fastify logs each address at the level `info`; this is left out, because the
 * service logs its address itself. No request is served before this has resolved, so nothing else is left out.
 */
export async function listenQuietly (
  app: App,
  address: { readonly host: string, readonly port: number }
): Promise<string> {
  const { level } = app.log
  app.log.level = 'warn'
  try {
    return await app.listen(address)
  } finally {
    app.log.level = level
  }
}
