import fastify from 'fastify'
import { systemClock } from '../src/core/clock.ts'
import { Secret } from '../src/core/secret.ts'
import { authenticate } from '../src/http/auth.ts'
import { SECRET } from '../test/support/processes/service.ts'

/** A route that does nothing behind the token check of the service: what any answer costs at least. */
const app = fastify()
await authenticate(app, {
  tokenKey: { algorithm: 'HS256', key: new Secret(SECRET) },
  isRevoked: () => false,
  requireTokenExpiry: false,
  clock: systemClock
})
app.get('/', { config: { role: 'viewer' } }, () => ({ success: true }))
console.log(await app.listen({ port: 0 }))
