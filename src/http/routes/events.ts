import type { Clock } from '../../core/clock.ts'
import { eventSchema } from '../../present/event.ts'
import type { Authority } from '../auth.ts'
import type { EventHub } from '../event-hub.ts'
import { route, type App } from '../route.ts'

export function eventRoute (
  app: App,
  { hub, isRevoked, clock }: {
    readonly hub: EventHub
    readonly isRevoked: Authority['isRevoked']
    readonly clock: Clock
  }
): void {
  const options = route('viewer', {
    operationId: 'streamEvents',
    tag: 'jobs',
    summary: 'Subscribe to events (server-sent events)',
    description:
      'Each event has a name (`job.updated`, `backup.completed`, …) and JSON data; the schema describes one event, with its name as `event` and its parsed data as `data`. Events are not repeated: after an interruption, read the lists again.',
    answers: {
      200: {
        description: 'A stream that ends when the service stops or the token expires.',
        content: { 'text/event-stream': { schema: eventSchema } }
      }
    }
  })
  // HEAD would open a stream that nobody reads.
  app.get('/api/events', { ...options, exposeHeadRoute: false }, (request, reply) => {
    const { caller } = request
    const identity = caller?.identity ?? ''
    hub.requireRoom(identity)
    reply.hijack()
    const headers = {
      ...reply.getHeaders(),
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
      // The connection serves nothing after this; said so, it closes as soon as the stream ends.
      connection: 'close'
    }
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) reply.raw.setHeader(name, value)
    reply.raw.writeHead(200)
    hub.add(
      reply.raw,
      identity,
      () =>
        caller === null || (caller.expiresAt !== undefined && caller.expiresAt <= clock.now().getTime()) ||
        isRevoked(caller.token)
    )
  })
}
