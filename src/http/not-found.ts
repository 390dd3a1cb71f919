import type { preHandlerAsyncHookHandler, preHandlerHookHandler } from 'fastify'
import { BackupError } from '../core/errors.ts'
import { pathOf, sendProblem } from './errors.ts'
import type { App } from './route.ts'

/**
 * Says what there is nothing at, or which methods an address takes. To be called before the routes; `limit` refuses
 * those who ask too often.
 */
export function answerUnknown (app: App, limit: preHandlerAsyncHookHandler | preHandlerHookHandler | undefined): void {
  const routes = new Map<string, { readonly shape: RegExp, readonly methods: Set<string> }>()
  app.addHook('onRoute', ({ url, method }) => {
    const known = routes.get(url) ?? { shape: shapeOf(url), methods: new Set() }
    for (const name of [method].flat()) known.methods.add(name)
    routes.set(url, known)
  })
  app.setNotFoundHandler({ ...limit !== undefined && { preHandler: limit } }, (request, reply) => {
    const path = pathOf(request.url)
    const methods = new Set(
      [...routes.values()].filter(({ shape }) => shape.test(path)).flatMap(known => [...known.methods])
    )
    // A route may itself find nothing at an address of its own: a file of the documentation that there is not.
    if (methods.size === 0 || methods.has(request.method)) {
      sendProblem(
        new BackupError('NOT_FOUND', 'no such endpoint', {
          hint: 'The endpoints are listed at /docs.'
        }),
        request,
        reply
      )
      return
    }
    const allowed = [...methods].sort().join(', ')
    reply.header('allow', allowed)
    sendProblem(
      new BackupError('METHOD_NOT_ALLOWED', `this endpoint does not support ${request.method}`, {
        hint: `It supports ${allowed}.`
      }),
      request,
      reply
    )
  })
}

/** A route's pattern as an expression: `:id` is one part of the path, `*` the rest. */
function shapeOf (url: string): RegExp {
  const escaped = url.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replaceAll(/:\w+/g, '[^/]+').replaceAll('*', '.*')}$`)
}
