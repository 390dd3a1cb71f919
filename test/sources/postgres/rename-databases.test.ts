import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import pg from 'pg'
import { parseUrl } from '../../../src/sources/postgres/connection.ts'
import { renameDatabases } from '../../../src/sources/postgres/rename-databases.ts'
import { needPostgres, startPostgres } from '../../support/databases/postgres.ts'
import { never } from '../../support/streams.ts'

test('applications that reconnect at once do not prevent the renames, and each row is in one of the databases', async t => {
  if (!needPostgres(t)) return
  const server = await startPostgres()
  for (const name of ['live', 'fresh']) {
    await server.create(name)
    await server.query(name, 'CREATE TABLE t (id int PRIMARY KEY)')
  }
  const committed: number[] = []
  const ended = new AbortController()
  /** Inserts its numbers, each again until it is committed. */
  const application = async (first: number): Promise<void> => {
    let client: pg.Client | undefined
    for (let id = first; !ended.signal.aborted;) {
      try {
        if (client === undefined) {
          client = new pg.Client({ connectionString: server.url('live') })
          client.on('error', () => {})
          await client.connect()
        }
        await client.query('INSERT INTO t VALUES ($1) ON CONFLICT DO NOTHING', [id])
        committed.push(id)
        id += 10
      } catch {
        await client?.end().catch(() => {})
        client = undefined
        // A process that is ended while it connects must not be the only one that runs.
        await sleep(1)
      }
    }
    await client?.end()
  }
  const applications = Array.from({ length: 5 }, (_, at) => application(at))
  const until = async (count: number): Promise<void> => {
    while (committed.length < count) await sleep(5)
  }
  await until(200)
  await renameDatabases(
    parseUrl(server.url('live')),
    [{ from: 'live', to: 'old' }, { from: 'fresh', to: 'live' }],
    30_000,
    never
  )
  await until(committed.length + 200)
  ended.abort()
  await Promise.all(applications)
  const ids = async (database: string) =>
    (await server.query(database, 'SELECT id FROM t')).map(({ id }) => id as number)
  const [old, live] = [await ids('old'), await ids('live')]
  assert.ok(old.length >= 200 && live.length >= 200, `${old.length} and ${live.length} rows`)
  const found = new Set([...old, ...live])
  assert.deepEqual(committed.filter(id => !found.has(id)), [])
})
