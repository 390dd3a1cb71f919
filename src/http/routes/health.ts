import type { ResponseCache } from '../response-cache.ts'
import { route, type App } from '../route.ts'
import { aliveAnswer, healthAnswer } from '../schemas/health.ts'

/** How the service is, without paths or names that would help an intruder: it is shown to everybody. */
export interface HealthReport {
  readonly status: 'ok' | 'degraded'
  readonly backup: Readonly<Record<string, string | number | boolean | Date | null>> & {
    readonly status: string
    readonly lastSuccess: Date | null
    readonly ageSeconds: number | null
  }
  /** The alerts that are open. */
  readonly alerts: { readonly critical: number, readonly warning: number, readonly rules: readonly string[] }
}

/** A probe that waits longer takes the service for dead. */
const PATIENCE_MS = 2000

interface Deps {
  health(): Promise<HealthReport>
  ready(): boolean
  readonly responses: ResponseCache
}

/**
 * Nobody has to show a token here, and nobody is counted: so the report comes from `pages`, and asking for it often
 * costs little.
 */
export function healthRoutes (app: App, deps: Deps): void {
  const report = (operationId: string) =>
    route('open', {
      operationId,
      tag: 'service',
      summary: 'Get the health of the service and its backups',
      description: '`degraded`: a problem needs attention, see `GET /api/alerts`. Only `error` has the status 503.',
      answers: { 200: healthAnswer, 503: healthAnswer }
    })
  for (const [url, operationId] of [['/health', 'getHealth'], ['/healthz', 'getHealthz']] as const) {
    app.get(url, unlimited(report(operationId)), async (request, reply) => {
      const body = await inTime(() => bodyOf(deps), error => {
        request.log.error({ err: error }, 'the health could not be determined')
      })
      reply.type('application/json; charset=utf-8')
      if (body !== undefined) return body
      reply.code(503)
      return { success: false, status: 'error', backup: null, alerts: null }
    })
  }

  app.get(
    '/health/live',
    unlimited(
      route('open', {
        operationId: 'getLiveness',
        tag: 'service',
        summary: 'Check whether the service is running',
        answers: { 200: aliveAnswer }
      })
    ),
    () => ({ success: true, status: 'ok' })
  )

  const readiness = (operationId: string) =>
    route('open', {
      operationId,
      tag: 'service',
      summary: 'Check whether the service accepts jobs',
      answers: { 200: aliveAnswer, 503: aliveAnswer }
    })
  for (const [url, operationId] of [['/health/ready', 'getReadiness'], ['/readyz', 'getReadyz']] as const) {
    app.get(url, unlimited(readiness(operationId)), (_request, reply) => {
      const ready = deps.ready()
      reply.code(ready ? 200 : 503)
      return { success: ready, status: ready ? 'ok' : 'error' }
    })
  }
}

/** Probes come at their own pace and are cheap. */
function unlimited<T extends { readonly config: object }> (options: T): T & { config: { rateLimit: false } } {
  return { ...options, config: { ...options.config, rateLimit: false } }
}

function bodyOf (deps: Deps): ReturnType<ResponseCache['body']> {
  return deps.responses.body('health', async () => {
    const { status, backup, alerts } = await deps.health()
    return JSON.stringify({ success: true, status, backup, alerts })
  })
}

/** undefined: it failed, or took too long. */
async function inTime<T> (ask: () => T | Promise<T>, onError: (error: unknown) => void): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => {
    late.resolve(undefined)
  }, PATIENCE_MS)
  try {
    return await Promise.race([ask(), late.promise])
  } catch (error) {
    onError(error)
    return undefined
  } finally {
    clearTimeout(timer)
  }
}
