import assert from 'node:assert/strict'
import Database from 'better-sqlite3'
import { connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { isErrorCode } from '../../src/core/errors.ts'
import type { EventBus } from '../../src/core/event.ts'
import type { App } from '../../src/http/route.ts'
import { buildServer } from '../../src/http/server.ts'
import type { Role } from '../../src/http/roles.ts'
import { signToken } from '../../src/http/tokens.ts'
import { problemSchema } from '../../src/http/schemas/common.ts'
import { Dice } from '../support/seeded-random.ts'
import { testEngine, type TestEngine, type TestEngineOptions } from '../support/engine/engine.ts'
import { fuzzed, routesIn, type Fuzz, type FuzzedRequest } from '../support/http/fuzz.ts'
import { SECRET, type Json } from '../support/http/server.ts'
import { shopDatabase } from '../support/databases/shop.ts'
import { until } from '../support/streams.ts'
import { memoryTokens } from '../support/http/memory-tokens.ts'
import { UNUSUAL } from '../support/http/unusual-requests.ts'

/** The same requests again: HOLDFAST_SEED=…; more of them: HOLDFAST_FUZZ=… */
const SEED = Number(process.env['HOLDFAST_SEED'] ?? 4)
const REQUESTS = Number(process.env['HOLDFAST_FUZZ'] ?? 4000)
/** An answer that takes longer has hung. Milliseconds. */
const LIMIT = 20_000
/** So many have one service, so that what is compared stays small. */
const ROUND = 1000
const TWENTY_YEARS = 20 * 365 * 86_400
/** What is written of requests that are refused. */
const OF_REQUESTS = ['audit', 'idempotency_keys']
/** Refused because of what they ask, and so before there is a job that could find anything out. */
const BEFORE_A_JOB = [
  'VALIDATION_FAILED',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE_UNSUPPORTED',
  'RANGE_NOT_SATISFIABLE',
  'IDEMPOTENCY_KEY_REUSED'
]
const ROOT = join(import.meta.dirname, '../..')

interface Target extends TestEngine {
  readonly app: App
  readonly document: Json
}

/**
 * The API over the real engine, its catalog and a store on no disk; the source is made of memory unless another is
 * given.
 */
async function target (t: TestContext, options: TestEngineOptions = {}): Promise<Target> {
  const engine = await testEngine(t, { inMemory: true, ...options })
  const { deps, deps: { catalog, events, clock } } = engine
  const app = await buildServer({
    engine: engine.engine,
    kinds: [...deps.kinds.values()],
    events: events as unknown as EventBus,
    idempotency: catalog.idempotency,
    alerts: catalog.alerts,
    audit: catalog.audit,
    clock,
    tokenKey: { algorithm: 'HS256', key: SECRET },
    tokens: memoryTokens(),
    ownSource: 'holdfast',
    limits: { bodyBytes: 64 * 1024, requestsPerMinute: 0, connections: 100 },
    onRefusedConnection () {},
    trustProxy: 1,
    metrics: { contentType: 'text/plain; version=0.0.4', text: async () => '# nothing\n' },
    metricsToken: undefined,
    hstsIncludeSubdomains: false,
    requireTokenExpiry: false,
    fixed: [],
    health: async () => ({
      status: 'ok',
      backup: { status: 'ok', lastSuccess: clock.now(), ageSeconds: 0 },
      alerts: { critical: 0, warning: 0, rules: [] }
    }),
    ready: () => true,
    logger: undefined,
    version: '0.0.0'
  })
  t.after(() => app.close())
  return { ...engine, app, document: (await app.inject('/openapi.json')).json<Json>() }
}

function tokenOf (role: Role, expiresInSeconds = TWENTY_YEARS): string {
  return signToken({
    secret: SECRET,
    id: role,
    subject: `the ${role}`,
    role,
    expiresInSeconds,
    now: new Date('2025-11-01T00:00:00.000Z')
  })
}

function fuzzOf (dice: Dice, lastId: () => number): Fuzz {
  const [head = '', claims = '', signature = ''] = tokenOf('admin').split('.')
  const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
  return {
    dice,
    tokens: ['admin', 'admin', 'admin', 'operator', 'viewer'].map(role => `Bearer ${tokenOf(role as Role)}`),
    badTokens: [
      '',
      'Bearer',
      'Bearer ',
      'Bearer x',
      'Basic YTpi',
      `bearer ${claims}`,
      `Bearer ${tokenOf('admin', 1)}`,
      `Bearer ${none}.${claims}.`,
      `Bearer ${head}.${claims}.${signature.slice(1)}`,
      `Bearer ${head}.${Buffer.from('{"role":"admin"}').toString('base64url')}.${signature}`,
      `Bearer ${'a'.repeat(4000)}`,
      `Bearer ${tokenOf('admin')} ${tokenOf('admin')}`,
      'Bearer ...',
      `Bearer ${tokenOf('god' as Role)}`
    ],
    known: name =>
      ({
        id: Array.from({ length: 12 }, (_, i) => Math.max(1, lastId() - i)),
        source: ['shop'],
        name: ['shop'],
        target: ['/nowhere/a.db', 'relative.db', '/']
      })[name] ?? []
  }
}

/**
 * All rows but those that a refused request may leave, as text by table. Read anew only where something was committed
 * since.
 */
function contentReader (t: TestContext, path: string): () => ReadonlyMap<string, string> {
  const db = new Database(path, { readonly: true })
  t.after(() => db.close())
  const tables = db.prepare<[], string>(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
  ).pluck().all().filter(name => !OF_REQUESTS.includes(name))
  assert.ok(tables.length > 10)
  let known: { readonly version: unknown, readonly content: ReadonlyMap<string, string> } = {
    version: undefined,
    content: new Map()
  }
  return () => {
    const version: unknown = db.pragma('data_version', { simple: true })
    if (known.version !== version) {
      known = {
        version,
        content: new Map(tables.map(name => [name, JSON.stringify(db.prepare(`SELECT * FROM "${name}"`).raw().all())]))
      }
    }
    return known.content
  }
}

/** The tables in which something is not as it was. */
function changes (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...after.keys()].filter(name => after.get(name) !== before.get(name))
}

/** What must hold of every answer, whatever was asked. */
function assertCivil (status: number, type: string, body: string, asked: string): void {
  assert.ok(status >= 200 && status < 500, `${status} ${body.slice(0, 300)}\n${asked}`)
  assert.doesNotMatch(body, /\n {4}at |node_modules|node:internal|SQLITE_|\b(?:SELECT|INSERT INTO|UPDATE) /, asked)
  assert.ok(!body.includes(`${ROOT}/`), asked)
  if (status < 400 || body === '') return
  assert.match(type, /^application\/problem\+json/, asked)
  const problem = problemSchema.parse(JSON.parse(body))
  assert.ok(
    problem.status === status && isErrorCode(problem.code) && problem.type === `urn:holdfast:error:${problem.code}`,
    `${body}\n${asked}`
  )
}

for (let from = 0; from < REQUESTS; from += ROUND) {
  const [first, end] = [from, Math.min(from + ROUND, REQUESTS)]
  test(`whatever is asked of a route, the answer comes, is no 500, and a refused request has changed nothing (${first} to ${end - 1})`, async t => {
    const dice = new Dice(SEED * 1_000_003 + first)
    const { app, document, engine, create, clock, catalogPath } = await target(t)
    let lastId = 0
    const replenish = async (): Promise<void> => {
      await until(async () => !(await engine.jobs({ limit: 20 })).jobs.some(({ finishedAt }) => finishedAt === null))
      while ((await engine.backups({ limit: 3, status: 'completed' })).backups.length < 3) await create()
      lastId = (await engine.backups({ limit: 1 })).backups[0]?.id ?? 0
    }
    await replenish()
    const content = contentReader(t, catalogPath)
    const fuzz = fuzzOf(dice, () => lastId)
    const routes = routesIn(document).filter(({ isStream }) => !isStream)
    assert.ok(routes.length > 25)
    const counted = { done: 0, refused: 0 }
    const reached = new Set<string>()
    for (let i = first; i < end; i++) {
      const route = routes[i % routes.length]!
      const request = fuzzed(route, fuzz)
      const asked = `HOLDFAST_SEED=${SEED}, request ${i}: ${describe(request)}`
      const before = content()
      const answer = await within(
        app.inject({
          method: request.method as 'GET',
          url: request.url,
          headers: { ...request.headers },
          ...request.body === undefined ? {} : { payload: request.body }
        }),
        asked
      )
      assertCivil(answer.statusCode, String(answer.headers['content-type']), answer.body, asked)
      clock.move(1000)
      if (answer.statusCode >= 400) {
        counted.refused++
        const isEarly = answer.body === '' || BEFORE_A_JOB.includes(answer.json<Json>().code)
        assert.deepEqual(
          changes(before, content()).filter(name => isEarly || name !== 'jobs'),
          [],
          `${answer.statusCode} ${answer.body}\n${asked}`
        )
        continue
      }
      counted.done++
      reached.add(`${route.method} ${route.path}`)
      if (request.method !== 'GET') await replenish()
    }
    t.diagnostic(
      `${
        end - first
      } requests with seed ${SEED} to ${routes.length} routes: ${counted.refused} refused, ${counted.done} done, at ${reached.size} of the routes`
    )
    assert.equal((await app.inject('/health/live')).statusCode, 200)
  })
}

/** Conditions as they come from outside: those that mean harm, those that are wrong, and some that are right. */
const CONDITIONS = [
  'id = 1',
  'id < 5',
  'total > 100 OR 1 = 1',
  '1); DELETE FROM invoice; --',
  '1; DROP TABLE customer',
  'id = 1 --',
  'id = 1 /*',
  '(SELECT count(*) FROM sqlite_schema)',
  'EXISTS (SELECT 1 FROM customer)',
  'nowhere = 1',
  'id =',
  ')',
  '"',
  "load_extension('x')",
  "writefile('/tmp/x', 'y')",
  "readfile('/etc/passwd') IS NULL",
  "edit('x')",
  "fts3_tokenizer('x')",
  'randomblob(1000000000) IS NULL',
  "printf('%.*c', 100000000, 'x') = id",
  'id IN (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i FROM n)',
  'RAISE(ABORT, 1)',
  'id = ?',
  'id = :x',
  'id = 1 UNION SELECT 1',
  'id COLLATE nowhere = 1',
  'ATTACH',
  '('.repeat(2000),
  'NOT '.repeat(3000) + 'id'
]

test(
  'conditions and names of tables from outside neither break the comparing and the rescue of rows, nor do more than was asked',
  { timeout: 300_000 },
  async t => {
    const dice = new Dice(SEED)
    const { source, path } = shopDatabase(t)
    const { app, document, engine, create, catalogPath, clock } = await target(t, { sources: [source] })
    await create()
    const live = new Database(path, { readonly: true })
    t.after(() => live.close())
    const rowsOf = (table: string): string => JSON.stringify(live.prepare(`SELECT * FROM ${table}`).raw().all())
    const whole = ['customer', 'invoice'].map(rowsOf)
    const content = contentReader(t, catalogPath)
    const fuzz: Fuzz = {
      ...fuzzOf(dice, () => 1),
      known: name =>
        ({
          id: [1],
          with: ['live', '1'],
          table: ['customer', 'invoice', 'owed', 'sqlite_schema'],
          tables: [['customer'], ['invoice'], ['customer', 'invoice'], ['sqlite_schema'], [{
            name: 'invoice',
            where: dice.pick(CONDITIONS)
          }]],
          where: CONDITIONS,
          timeoutMs: [0]
        })[name] ?? []
    }
    const routes = routesIn(document).filter(({ path }) => /\/(?:diff|rescue)$/.test(path))
    assert.equal(routes.filter(({ method }) => method !== 'HEAD').length, 2)
    const counted = { done: 0, refused: 0 }
    for (let i = 0; i < REQUESTS / 40; i++) {
      const request = fuzzed(routes[i % routes.length]!, fuzz)
      const asked = `HOLDFAST_SEED=${SEED}, request ${i}: ${describe(request)}`
      const before = content()
      const answer = await within(
        app.inject({
          method: request.method as 'GET',
          url: request.url,
          headers: { ...request.headers },
          ...request.body === undefined ? {} : { payload: request.body }
        }),
        asked
      )
      assertCivil(answer.statusCode, String(answer.headers['content-type']), answer.body, asked)
      await until(async () => !(await engine.jobs({ limit: 20 })).jobs.some(({ finishedAt }) => finishedAt === null))
      clock.move(1000)
      // Nothing is missing from the live database, so that a rescue has nothing to bring back, whatever it chooses.
      assert.deepEqual(['customer', 'invoice'].map(rowsOf), whole, asked)
      counted[answer.statusCode < 400 ? 'done' : 'refused']++
      // Only the database can tell that a condition is wrong, and so a job did.
      if (answer.statusCode === 400) {
        assert.deepEqual(
          changes(before, content()).filter(name => name !== 'jobs'),
          [],
          asked
        )
      }
    }
    t.diagnostic(
      `${counted.done + counted.refused} requests with seed ${SEED}: ${counted.refused} refused, ${counted.done} done`
    )
    assert.ok(counted.done > 0)
  }
)

function describe ({ method, url, headers, body }: FuzzedRequest): string {
  const { authorization, ...others } = headers
  return `${method} ${url.slice(0, 500)} ${JSON.stringify(others).slice(0, 300)} ${authorization?.slice(0, 20) ?? ''} ${
    JSON.stringify(body?.toString().slice(0, 500))
  }`
}

async function within<T> (answer: Promise<T>, asked: string): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    late.reject(new Error(`no answer: ${asked}`))
  }, LIMIT)
  try {
    return await Promise.race([answer, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

test('what no client library would send is refused as everything else is, puts no header into an answer, and reaches no file', async t => {
  const { app, catalogPath, create } = await target(t)
  await create()
  const content = contentReader(t, catalogPath)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  for (const raw of UNUSUAL) {
    const asked = JSON.stringify(raw.slice(0, 300))
    const before = content()
    const answer = await within(
      send(port, raw.replace('Authorization: T', `Authorization: Bearer ${tokenOf('admin')}`)),
      asked
    )
    const [head = '', text = ''] = answer.split('\r\n\r\n', 2)
    // Node itself has nothing to say where "Host" is missing or "Expect" is unknown.
    const body = /^transfer-encoding: chunked/im.test(head) && text === '0' ? '' : text
    if (answer === '' && raw.startsWith('CONNECT')) continue
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1])
    assertCivil(status, /^content-type: (.*)$/im.exec(head)?.[1] ?? '', body, asked)
    assert.doesNotMatch(head, /x-injected/i, asked)
    assert.doesNotMatch(body, /root:|"devDependencies"/, asked)
    if (status >= 400) assert.deepEqual(changes(before, content()), [], asked)
  }
  t.diagnostic(`${UNUSUAL.length} requests over a bare connection`)
  assert.equal((await app.inject('/health/live')).statusCode, 200)
})

/** Sends the bytes, and gives back what comes, until the answer is complete or the other side closes. */
async function send (port: number, raw: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('error', () => {
    // a reset after the answer is one way of closing
  })
  socket.setEncoding('latin1').on('data', (text: string) => {
    answer += text
    if (isComplete(answer)) socket.destroy()
  })
  socket.write(Buffer.from(raw, 'latin1'))
  await new Promise(resolve => {
    socket.once('close', resolve)
  })
  return answer
}

function isComplete (answer: string): boolean {
  const end = answer.indexOf('\r\n\r\n')
  if (end === -1) return false
  const length = /^content-length: (\d+)/im.exec(answer.slice(0, end))?.[1]
  return length === undefined ? answer.endsWith('\r\n0\r\n\r\n') : answer.length >= end + 4 + Number(length)
}
