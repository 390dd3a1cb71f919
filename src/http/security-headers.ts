import helmet from '@fastify/helmet'
import fastify from 'fastify'
import type { App } from './route.ts'

/**
 * Helmet's headers on every answer. It works them out anew for each request, which would cost more than all the rest of
 * an answer from memory; they never differ, so it is asked once.
 */
export async function addSecurityHeaders (
  app: App,
  { hstsIncludeSubdomains }: { readonly hstsIncludeSubdomains: boolean }
): Promise<void> {
  const headers = await helmetHeaders(hstsIncludeSubdomains)
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers)
    done()
  })
}

async function helmetHeaders (includeSubDomains: boolean): Promise<Record<string, string>> {
  const probe = fastify()
  await probe.register(helmet, {
    // No upgrade of requests to TLS: the proxy in front decides whether there is TLS.
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
    // By default not: other services on subdomains of the same host may still use plain HTTP.
    strictTransportSecurity: { includeSubDomains }
  })
  let headers: Record<string, string> = {}
  probe.get('/', (_request, reply) => {
    headers = Object.fromEntries(Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]))
    return ''
  })
  await probe.inject('/')
  await probe.close()
  return headers
}
