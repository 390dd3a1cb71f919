import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { buffer } from 'node:stream/consumers'
import type { Backup } from '../../src/core/backup/backup.ts'
import { manifestKey } from '../../src/core/backup/object-key.ts'
import { openOffsite, performCopyTask } from '../../src/engine/replication/copy-task.ts'
import type { OffsiteStore } from '../../src/engine/deps.ts'
import { surveyStore } from '../../src/engine/replication/survey-store.ts'
import { s3Store } from '../../src/stores/s3/s3.ts'
import { filesOf, testEngine, type TestEngine } from '../support/engine/engine.ts'
import {
  changes,
  cutsAnswer,
  dropsRequest,
  isStale,
  losesAnswer,
  lyingProxy,
  says,
  type Lie,
  type LyingProxy,
  type Plan
} from '../support/stores/lying-proxy.ts'
import { needRadosgw } from '../support/stores/radosgw.ts'
import { s3Place, type S3Place } from '../support/stores/s3.ts'
import { digestOf, never, noise } from '../support/streams.ts'
import { tellPlanted } from '../support/fault-count.ts'

/** A part of the store's uploads has less: the object goes up in several. */
const LARGE = 40 * 1024 * 1024
const SMALL = 300_000
/** More than anybody who bounds his attempts makes for one copy. */
const MOST_REQUESTS = 120

interface Made extends TestEngine {
  readonly place: S3Place
  readonly proxy: LyingProxy
  readonly far: OffsiteStore
}

async function make (t: TestContext, size: number): Promise<Made> {
  const place = await s3Place()
  const proxy = await lyingProxy(t, place.server.endpoint)
  const far: OffsiteStore = {
    store: s3Store(place.options({ name: 'far', prefix: '', endpoint: proxy.endpoint })),
    retention: null,
    maxBackups: null,
    isAppendOnly: false,
    hasLock: false,
    bandwidth: null
  }
  const made = await testEngine(t, { offsite: new Map([['far', far]]), settings: { maxBackups: 100 } })
  made.source.bytes = noise(size)
  return { ...made, place, proxy, far }
}

/** One attempt, as the copier makes it. */
async function attempt ({ deps, engine, far, clock }: Made): Promise<void> {
  for (const task of await deps.catalog.copies.work('far')) {
    await performCopyTask(deps, engine, far, task, never).catch(() => {})
  }
  clock.move(7 * 3_600_000)
}

async function statusOf ({ engine }: Made, { id }: Backup): Promise<string | undefined> {
  return (await engine.backup(id)).copies.find(({ store }) => store === 'far')?.status
}

/** What lies in the bucket, looked at without the proxy. */
async function truth ({ place }: Made): Promise<
  { readonly keys: readonly string[], readonly read: (key: string) => Promise<Buffer> }
> {
  const store = s3Store(place.options({ prefix: '' }))
  const keys: string[] = []
  for await (const { key } of store.list('', never)) {
    if (key !== 'RESTORE.txt' && key !== 'holdfast-instance.json') keys.push(key)
  }
  return { keys, read: async key => await buffer(await store.get(key, undefined, never)) }
}

/** Whole, proven, and nothing else: neither objects nor half uploads. */
async function requireWhole (made: Made, ...backups: readonly Backup[]): Promise<void> {
  const { keys, read } = await truth(made)
  assert.deepEqual(keys, filesOf(...backups))
  for (const { key, checksum } of backups) assert.equal(digestOf(await read(key)).sha256, checksum)
  assert.deepEqual(await made.place.uploads(), [])
}

const LIES: ReadonlyArray<readonly [what: string, size: number, plan: Plan, lie: Lie]> = [
  ['says 503 to a whole object', SMALL, { method: 'PUT', times: 2 }, says(503, { code: 'SlowDown' })],
  ['says 503 to everything for a long time', SMALL, { method: 'PUT', times: 40 }, says(503, { code: 'SlowDown' })],
  ['says 503 to parts', LARGE, { method: 'PUT', on: /partNumber=2/, times: 3 }, says(503, { code: 'SlowDown' })],
  [
    'says 500 to the completion',
    LARGE,
    { method: 'POST', on: /uploadId/, times: 2 },
    says(500, { code: 'InternalError' })
  ],
  ['drops the body of an object', SMALL, { method: 'PUT' }, dropsRequest(100_000)],
  ['drops parts', LARGE, { method: 'PUT', on: /partNumber=1\b/, times: 2 }, dropsRequest(1_000_000)],
  ['loses its answer to an object', SMALL, { method: 'PUT' }, losesAnswer()],
  ['loses its answer to the completion', LARGE, { method: 'POST', on: /uploadId/ }, losesAnswer()],
  [
    'tells a wrong ETag of an object',
    SMALL,
    { method: 'PUT' },
    changes(({ headers }) => ({ headers: { ...headers, etag: '"00000000000000000000000000000000"' } }))
  ],
  [
    'tells a wrong ETag of a part',
    LARGE,
    { method: 'PUT', on: /partNumber=1\b/ },
    changes(({ headers }) => ({ headers: { ...headers, etag: '"00000000000000000000000000000000"' } }))
  ],
  [
    'gives back a body that is cut short',
    SMALL,
    { method: 'GET', on: /\.db\b(?!.*manifest)/, times: 2 },
    cutsAnswer(1000)
  ],
  [
    'returned different bytes',
    SMALL,
    { method: 'GET', on: /\.db(?:\?|$)/, times: 8 },
    changes(({ body }) => ({ body: Buffer.alloc(body.length, 7) }))
  ],
  [
    'returned a different manifest',
    SMALL,
    { method: 'GET', on: /manifest/, times: 8 },
    changes(({ body }) => ({ body: Buffer.from(body.toString().replaceAll('"shop"', '"shap"')) }))
  ],
  [
    'tells another length',
    SMALL,
    { method: 'HEAD', times: 8 },
    changes(({ status, headers }) => status === 200 ? { headers: { ...headers, 'content-length': '17' } } : {})
  ]
]

for (const [what, size, plan, lie] of LIES) {
  test(`a store that ${what} holds a copy only when it has all of it`, async t => {
    if (!needRadosgw(t)) return
    const made = await make(t, size)
    const backup = await made.create()
    made.proxy.lie(plan, lie)
    await attempt(made)
    if (await statusOf(made, backup) === 'stored') await requireWhole(made, backup)
    assert.ok(made.proxy.seen.length < MOST_REQUESTS, `${made.proxy.seen.length} requests in one attempt`)
    for (let n = 0; n < 10 && await statusOf(made, backup) !== 'stored'; n++) await attempt(made)
    assert.equal(await statusOf(made, backup), 'stored')
    await openOffsite(made.deps, made.far, never)
    await requireWhole(made, backup)
    tellPlanted(t, what, 1, 1)
  })
}

test('a store that says it has removed a copy, and keeps it, is asked again until it is gone', async t => {
  if (!needRadosgw(t)) return
  const made = await make(t, SMALL)
  const [first, second] = [await made.create(), await made.create()]
  await attempt(made)
  let isLying = true
  made.proxy.lie(
    { method: 'DELETE', on: new RegExp(`${first.key}(?:\\?|$)`), times: Infinity },
    exchange => (isLying ? says(204) : changes(() => ({})))(exchange)
  )
  await made.deps.catalog.copies.retire(first.id, 'far')
  await attempt(made)
  assert.equal(await statusOf(made, first), 'removing')
  assert.ok((await truth(made)).keys.includes(first.key))
  isLying = false
  await attempt(made)
  assert.equal(await statusOf(made, first), undefined)
  await requireWhole(made, second)
})

test('a list that is stale loses no copy, and one that is right finds what is gone', async t => {
  if (!needRadosgw(t)) return
  const made = await make(t, SMALL)
  const [first, second] = [await made.create(), await made.create()]
  made.proxy.lie({ method: 'GET', on: /list-type=2/, times: 2 }, isStale())
  for await (const { key } of made.far.store.list('', never)) assert.fail(key)
  await attempt(made)
  await assert.rejects(surveyStore(made.deps, made.far, never), { code: 'STORE_UNAVAILABLE' })
  assert.deepEqual([await statusOf(made, first), await statusOf(made, second)], ['stored', 'stored'])
  const bare = s3Store(made.place.options({ prefix: '' }))
  await bare.remove(first.key, never)
  assert.equal(await surveyStore(made.deps, made.far, never), 1)
  assert.deepEqual([await statusOf(made, first), await statusOf(made, second)], ['missing', 'stored'])
  await bare.remove(manifestKey(first.key), never)
  await attempt(made)
  await requireWhole(made, first, second)
})

test('a store that hangs up on everybody delays the copy, and not the backup', async t => {
  if (!needRadosgw(t)) return
  const made = await make(t, SMALL)
  const hang: Lie = async ({ request, response }) => {
    response.destroy()
    await once(request, 'close')
  }
  for (const method of ['PUT', 'HEAD', 'GET']) made.proxy.lie({ method, times: Infinity }, hang)
  const backup = await made.create()
  await attempt(made)
  const [copy] = (await made.engine.backup(backup.id)).copies
  assert.deepEqual([backup.status, copy?.status, copy?.error === null], ['completed', 'failed', false])
})
