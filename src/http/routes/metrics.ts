import { createHash, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { BackupError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'
import { route, type App } from '../route.ts'

export interface MetricsText {
  readonly contentType: string
  text(): Promise<string>
}

export function metricsRoute (
  app: App,
  { metrics, metricsToken }: { readonly metrics: MetricsText, readonly metricsToken: Secret | undefined }
): void {
  const options = route('open', {
    operationId: 'getMetrics',
    tag: 'service',
    summary: 'Get metrics for Prometheus',
    description: 'Requires METRICS_TOKEN as the bearer token, if it is configured.',
    answers: { 200: { description: 'Prometheus text format.', content: { 'text/plain': { schema: z.string() } } } },
    errors: ['UNAUTHORIZED']
  })
  app.get('/metrics', { ...options, config: { ...options.config, rateLimit: false } }, async (request, reply) => {
    if (metricsToken !== undefined && !isSame(request.headers.authorization ?? '', `Bearer ${metricsToken.reveal()}`)) {
      reply.header('www-authenticate', 'Bearer realm="holdfast metrics"')
      throw new BackupError('UNAUTHORIZED', 'the metrics require METRICS_TOKEN', {
        hint: 'Send METRICS_TOKEN as the bearer token.'
      })
    }
    reply.type(metrics.contentType)
    return metrics.text()
  })
}

/** Takes the same time wherever the two differ. */
function isSame (given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}
