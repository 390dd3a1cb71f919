import type { TestContext } from 'node:test'
import type { IdempotencyStore, StoredAnswer } from '../../../src/core/catalog/catalog.ts'
import { EventBus } from '../../../src/core/event.ts'
import { Secret } from '../../../src/core/secret.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import type { App } from '../../../src/http/route.ts'
import { SOURCE_KINDS } from '../../../src/sources/index.ts'
import { buildServer, type ServerDeps } from '../../../src/http/server.ts'
import type { Role } from '../../../src/http/roles.ts'
import { signToken } from '../../../src/http/tokens.ts'
import { MemoryAudit } from './memory-audit.ts'
import { FakeClock } from '../fake-clock.ts'
import { FakeEngine } from '../engine/fake-engine.ts'
import { memoryTokens } from './memory-tokens.ts'

export const SECRET = new Secret('a secret of the tests, long enough for HS256')

/** What came back, to be looked at whatever it is. */
export type Json = ReturnType<typeof JSON.parse>

export interface Built<E = FakeEngine> {
  readonly app: App
  readonly engine: E
  readonly events: EventBus
  readonly clock: FakeClock
  readonly idempotency: MemoryIdempotency
  readonly audit: MemoryAudit
}

/**
 * The API over a fake engine, or the one given, closed after the test. The clock starts at the real time, since tokens
 * are held against it.
 */
export async function build<E extends Engine = FakeEngine> (
  t: Pick<TestContext, 'after'>,
  given: Partial<ServerDeps> & { readonly engine?: E } = {}
): Promise<Built<E>> {
  const engine = given.engine ?? new FakeEngine(3) as Engine as E
  const clock = new FakeClock(new Date().toISOString())
  const events = new EventBus(error => {
    throw error
  })
  const idempotency = new MemoryIdempotency()
  const audit = new MemoryAudit()
  const app = await buildServer({
    kinds: SOURCE_KINDS,
    events,
    idempotency,
    audit,
    alerts: { list: async () => ({ alerts: [], next: null }) },
    clock,
    tokenKey: { algorithm: 'HS256', key: SECRET },
    tokens: memoryTokens(),
    requireTokenExpiry: false,
    ownSource: 'holdfast',
    limits: { bodyBytes: 64 * 1024, requestsPerMinute: 0, connections: 100 },
    onRefusedConnection () {},
    trustProxy: false,
    metrics: { contentType: 'text/plain; version=0.0.4', text: async () => '# nothing\n' },
    metricsToken: undefined,
    hstsIncludeSubdomains: false,
    fixed: [
      { key: 'backupDir', variable: 'BACKUP_DIR', value: '/backups', origin: 'environment' },
      { key: 'databasePath', variable: 'DATABASE_PATH', value: null, origin: 'default' },
      { key: 'port', variable: 'PORT', value: 3000, origin: 'default' }
    ],
    health: async () => ({
      status: 'ok',
      backup: { status: 'ok', lastSuccess: clock.now(), ageSeconds: 0 },
      alerts: { critical: 0, warning: 0, rules: [] }
    }),
    ready: () => true,
    logger: undefined,
    version: '0.0.0',
    ...given,
    engine
  })
  t.after(() => app.close())
  return { app, engine, events, clock, idempotency, audit }
}

/** The header of a caller with that role. */
export function as (role: Role, subject = `the ${role}`): { authorization: string } {
  return {
    authorization: `Bearer ${
      signToken({ secret: SECRET, id: 'one', subject, role, expiresInSeconds: 3600, now: new Date() })
    }`
  }
}

export class MemoryIdempotency implements IdempotencyStore {
  readonly kept = new Map<string, { fingerprint: string, answer: StoredAnswer, at: Date }>()

  async find (
    scope: string,
    key: string,
    since: Date
  ): Promise<{ fingerprint: string, answer: StoredAnswer } | undefined> {
    const found = this.kept.get(`${scope}|${key}`)
    return found === undefined || found.at < since ? undefined : found
  }

  async save (scope: string, key: string, fingerprint: string, answer: StoredAnswer, at: Date): Promise<void> {
    this.kept.set(`${scope}|${key}`, { fingerprint, answer, at })
  }

  async purge (): Promise<number> {
    return 0
  }
}
