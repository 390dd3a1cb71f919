import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { parseUrl } from '../../../src/sources/postgres/connection.ts'
import { requireServer } from '../../../src/sources/postgres/requirements.ts'
import { openSession } from '../../../src/sources/postgres/session.ts'
import { needPostgres, startPostgres, type PostgresServer } from '../../support/databases/postgres.ts'
import { sourceOf, taken } from '../../support/databases/postgres-source.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { needTool } from '../../support/skip-without.ts'
import { FULL } from '../../support/sources/images.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

/** The id of an unprivileged user, as whom PgBouncer runs: it refuses to run as root. */
const NOBODY = 65_534

/** Starts PgBouncer before the server, and gives the URL of `database` through it. */
async function pooled (t: TestContext, server: PostgresServer, database: string, mode: string): Promise<string> {
  const directory = tempDir(t)
  const port = await freePort()
  const path = join(directory, 'pgbouncer.ini')
  writeFileSync(
    path,
    `[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${port}\n` +
      `auth_type = any\nunix_socket_dir =\npool_mode = ${mode}\nadmin_users = postgres\n` +
      `[databases]\n${database} = host=127.0.0.1 port=${server.port} user=postgres\n`
  )
  chmodSync(directory, 0o755)
  chmodSync(path, 0o644)
  const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
  if (identity.uid !== undefined) chownSync(directory, NOBODY, NOBODY)
  const child = spawn('pgbouncer', [path], {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...identity
  })
  t.after(() => child.kill('SIGKILL'))
  let log = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text
      if (log.includes('process up')) resolve()
    })
    child.once('exit', () => {
      reject(new Error(log))
    })
  })
  return `postgresql://postgres@127.0.0.1:${port}/${database}`
}

async function freePort (): Promise<number> {
  const listener = createServer()
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  listener.close()
  await once(listener, 'close')
  return port
}

test('a pooler in transaction mode is refused before anything begins, and one in session mode works', async t => {
  if (!needPostgres(t) || !needTool(t, 'pgbouncer')) return
  const server = await startPostgres()
  await server.create('pooled')
  await server.query('pooled', 'CREATE TABLE t AS SELECT generate_series(1, 5) AS x')
  const { source } = sourceOf(t, server, await pooled(t, server, 'pooled', 'transaction'))
  const error = await rejectsWith('SOURCE_SETTING', source.probe(FULL, never))
  assert.match(error.message, /pooler in transaction mode/)
  const bySession = sourceOf(t, server, await pooled(t, server, 'pooled', 'session')).source
  await bySession.probe(FULL, never)
  assert.deepEqual((await taken(bySession)).facts.tables, [{ name: 'public.t', rows: 5 }])
})

test('a direct connection names the process that answers its queries', async t => {
  if (!needPostgres(t)) return
  const server = await startPostgres()
  const session = await openSession(parseUrl(server.url('postgres')), never)
  t.after(() => session.close())
  assert.deepEqual(await session.query('SELECT pg_backend_pid() AS pid'), [{ pid: session.processId }])
})

test('a server that is too old is refused', async () => {
  requireServer(13)
  await rejectsWith(
    'SOURCE_SETTING',
    (async () => {
      requireServer(12)
    })()
  )
})
