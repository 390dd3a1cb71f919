import type { JobKind } from '../core/job.ts'
import type { App } from './route.ts'
import { ROLES, type Role } from './roles.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The kind of job that the route starts. */
    starts?: JobKind
  }
}

/**
 * Which role starts jobs of a kind, as the routes say it; what no route starts is for admins. To be called before the
 * routes are registered.
 */
export function startersOf (app: App): (kind: JobKind) => Role {
  const roles = new Map<JobKind, Role>()
  app.addHook('onRoute', ({ config }) => {
    const { starts, role } = config ?? {}
    if (starts === undefined || role === undefined || role === 'open') return
    const known = roles.get(starts) ?? role
    roles.set(starts, ROLES.indexOf(role) < ROLES.indexOf(known) ? role : known)
  })
  return kind => roles.get(kind) ?? 'admin'
}
