import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { startCluster, type Cluster } from '../../../src/sources/postgres/cluster.ts'
import { installations } from '../../../src/sources/postgres/programs.ts'
import { postgresRehearser } from '../../../src/sources/postgres/rehearse.ts'
import { openSession } from '../../../src/sources/postgres/session.ts'
import { contextOf, dumped, restorableBackup } from '../../support/databases/postgres-backup.ts'
import { needPostgres, postgresPrograms, startPostgres } from '../../support/databases/postgres.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { until } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const signal = new AbortController().signal
const run = promisify(execFile)

async function clusterIn (t: TestContext, scratchDir: string, bytes = 1): Promise<Cluster> {
  const [installation] = await installations([postgresPrograms(15) ?? ''])
  assert.ok(installation !== undefined)
  const cluster = await startCluster({ installation, scratchDir, runAs: undefined, bytes }, signal)
  t.after(() => cluster.close())
  return cluster
}

test('the server is reached by its socket alone, in a directory of its user, who is not root', async t => {
  if (!needPostgres(t)) return
  const scratch = tempDir(t)
  const { server } = await clusterIn(t, scratch)
  const { mode, uid } = statSync(server.host)
  assert.equal(mode & 0o777, 0o700)
  assert.notEqual(uid, 0)
  const session = await openSession({ server, name: 'postgres' }, signal)
  t.after(() => session.close())
  const settings = await session.query<{ name: string, setting: string }>(
    `SELECT name, setting FROM pg_settings
     WHERE name IN ('listen_addresses', 'archive_mode', 'autovacuum', 'fsync', 'archive_command')`
  )
  assert.deepEqual(Object.fromEntries(settings.map(({ name, setting }) => [name, setting])), {
    archive_command: '(disabled)',
    archive_mode: 'off',
    autovacuum: 'off',
    fsync: 'off',
    listen_addresses: ''
  })
})

test('data is in scratch space that the user of the server can enter, and a socket has a short path', async t => {
  if (!needPostgres(t)) return
  const directory = tempDir(t)
  const scratch = join(directory, 'x'.repeat(90), '4711-0a1b2c3d')
  mkdirSync(scratch, { recursive: true })
  chmodSync(directory, 0o755)
  const cluster = await clusterIn(t, scratch)
  const [name = ''] = readdirSync(scratch)
  assert.ok(existsSync(join(scratch, name)))
  assert.ok(cluster.server.host.startsWith(tmpdir()) && cluster.server.host.length < 100, cluster.server.host)
  await cluster.close()
  assert.deepEqual(readdirSync(scratch), [])
  assert.equal(existsSync(cluster.server.host), false)
})

test('without room for the restored database there is no server', async t => {
  if (!needPostgres(t)) return
  const scratch = tempDir(t)
  await rejectsWith('DISK_FULL', clusterIn(t, scratch, 10 ** 18))
  assert.deepEqual(readdirSync(scratch), [])
})

test('a disk that becomes full during the restore is no verdict', async t => {
  if (!needPostgres(t)) return
  if (process.getuid?.() !== 0) {
    t.skip('only root mounts a small file system')
    return
  }
  const directory = tempDir(t)
  const scratch = join(directory, 'small')
  mkdirSync(scratch)
  chmodSync(directory, 0o755)
  const server = await startPostgres()
  await server.create('large')
  await server.query('large', "CREATE TABLE t AS SELECT i, repeat('x', 500) AS x FROM generate_series(1, 120000) i")
  const backup = await dumped(server, 'large', join(directory, 'large.dump'))
  const [installation] = await installations([server.programs])
  assert.ok(installation !== undefined)
  // The size in the manifest is that of the database, so the lack of room shows only while it is restored.
  const small = { ...backup.facts, details: { ...backup.facts.details, databaseSize: -384 * 1024 ** 2 } }
  let error
  await run('mount', ['-t', 'tmpfs', '-o', 'size=80m,mode=0755', 'tmpfs', scratch])
  try {
    error = await rejectsWith(
      'DISK_FULL',
      postgresRehearser(contextOf(server, scratch)).rehearse(restorableBackup({ ...backup, facts: small }), signal)
    )
  } finally {
    await run('umount', [scratch])
  }
  assert.match(error.message, /^there was no room for the restored database: could not extend file/)
  assert.deepEqual(readdirSync(scratch), [])
})

test('a process of the server that is killed during the restore is no verdict', async t => {
  if (!needPostgres(t)) return
  const directory = tempDir(t)
  const server = await startPostgres()
  await server.create('shop')
  await server.query(
    'shop',
    `CREATE TABLE public.t (x text);
     CREATE FUNCTION public.f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
       IF current_database() = 'drill' THEN COPY public.t FROM PROGRAM 'kill -9 $PPID'; END IF;
       RETURN 1;
     END $$;
     CREATE MATERIALIZED VIEW public.m AS SELECT public.f()`
  )
  const backup = await dumped(server, 'shop', join(directory, 'shop.dump'))
  const scratch = join(directory, 'scratch')
  mkdirSync(scratch)
  await rejectsWith(
    'REHEARSAL_IMPOSSIBLE',
    postgresRehearser(contextOf(server, scratch)).rehearse(restorableBackup(backup), signal)
  )
})

test('a server that ends during a drill is no verdict', async t => {
  if (!needPostgres(t)) return
  const directory = tempDir(t)
  const server = await startPostgres()
  await server.create('shop')
  const backup = await dumped(server, 'shop', join(directory, 'shop.dump'))
  const scratch = join(directory, 'scratch')
  mkdirSync(scratch)
  chmodSync(directory, 0o755)
  const rehearsal = await postgresRehearser(contextOf(server, scratch)).rehearse(restorableBackup(backup), signal)
  t.after(() => rehearsal.close())
  const [name = ''] = readdirSync(scratch)
  const pid = Number.parseInt(readFileSync(join(scratch, name, 'data/postmaster.pid'), 'utf8'), 10)
  process.kill(pid, 'SIGKILL')
  await until(() => !existsSync(join(scratch, name, 'data')))
  await rejectsWith('REHEARSAL_IMPOSSIBLE', rehearsal.checks(signal))
  await rehearsal.close()
  assert.deepEqual(readdirSync(scratch), [])
})

test('a user without an entry in /etc/passwd cannot drill, and the error has the remedy', async t => {
  if (!needPostgres(t)) return
  if (process.getuid?.() !== 0) {
    t.skip('only root becomes another user')
    return
  }
  const program = `
    import { serverUser } from ${
    JSON.stringify(join(import.meta.dirname, '../../../src/sources/postgres/server-user.ts'))
  }
    await serverUser(undefined).then(() => console.log('found'), error => console.log(error.code, error.message))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    uid: 54_321,
    gid: 54_321,
    env: {},
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')])
  assert.match(output, /^REHEARSAL_IMPOSSIBLE the user of the service \(uid 54321\) has no entry in \/etc\/passwd/)
})
