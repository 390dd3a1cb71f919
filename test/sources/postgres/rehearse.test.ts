import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'
import type { Check } from '../../../src/core/ports/verification.ts'
import { postgresRehearser } from '../../../src/sources/postgres/rehearse.ts'
import {
  contextOf,
  dumped,
  restorableBackup,
  richDatabase,
  withDetails,
  type PostgresBackup
} from '../../support/databases/postgres-backup.ts'
import { needPostgres, startPostgres, type PostgresServer } from '../../support/databases/postgres.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { until } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

/** A scratch directory with a name of its own, by which the directories of its servers are known. */
function scratchOf (backup: Pick<PostgresBackup, 'path'>): string {
  const path = join(dirname(backup.path), `${basename(dirname(backup.path))}-scratch`)
  mkdirSync(path, { recursive: true, mode: 0o700 })
  return path
}

const DRILL_SERVICE = join(import.meta.dirname, '../../support/processes/drill-service.ts')

/** undefined: this process has it already. */
function identityOf (user: string): { readonly uid: number, readonly gid: number } | undefined {
  if (user === userInfo().username) return undefined
  const line = readFileSync('/etc/passwd', 'utf8').split('\n').find(one => one.startsWith(`${user}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return { uid: Number(uid), gid: Number(gid) }
}

/** The user of a server cannot remove a folder from that of root, only empty it. */
function isEmptyFolder (scratch: string, name: string): boolean {
  return existsSync(join(scratch, name)) && readdirSync(join(scratch, name)).length === 0
}

/** What is left of servers. */
function leftovers (scratch: string): readonly string[] {
  return [tmpdir(), '/var/tmp', scratch].flatMap(place => readdirSync(place)).filter(name =>
    name.startsWith('holdfast-drill-') && name.includes(basename(scratch))
  )
}

const signal = new AbortController().signal
const AT = new Date('2026-01-02T03:04:05.000Z')
const servers = new Map<number, Promise<PostgresServer>>()

async function serverOf (major: number): Promise<PostgresServer> {
  const known = servers.get(major) ?? startPostgres({ major }).then(async server => {
    await richDatabase(server)
    return server
  })
  servers.set(major, known)
  return await known
}

async function drilled (server: PostgresServer, backup: PostgresBackup): Promise<Readonly<Record<string, Check>>> {
  const scratch = scratchOf(backup)
  const rehearsal = await postgresRehearser(contextOf(server, scratch)).rehearse(restorableBackup(backup), signal)
  try {
    return Object.fromEntries((await rehearsal.checks(signal)).map(check => [check.name, check]))
  } finally {
    await rehearsal.close()
    assert.deepEqual(leftovers(scratch), [])
  }
}

for (const major of [15, 17]) {
  test(`a dump of PostgreSQL ${major} is restored into a server of its own, compared and removed`, async t => {
    if (!needPostgres(t, major)) return
    const server = await serverOf(major)
    const backup = await dumped(server, 'shop', join(tempDir(t), 'shop.dump'))
    const checks = await drilled(server, backup)
    assert.deepEqual(
      Object.values(checks).map(({ name, status }) => `${name} ${status}`),
      ['archive pass', 'restore pass', 'row_counts pass', 'schema pass', 'sequences pass', 'amcheck pass'],
      JSON.stringify(checks)
    )
    assert.equal(checks['row_counts']?.reason, '11 tables, 6011 rows')
  })

  test(`what PostgreSQL ${major} restored and differs from the manifest fails the drill`, async t => {
    if (!needPostgres(t, major)) return
    const server = await serverOf(major)
    const backup = await dumped(server, 'shop', join(tempDir(t), 'shop.dump'))
    const { details, facts } = backup
    const wrong = withDetails(backup, {
      schema: details.schema.map(one => one.name === 'indexes' ? { ...one, count: one.count + 1, sha256: '' } : one),
      sequences: [
        ...details.sequences.map(one => one.name === 'app.counter' ? { ...one, value: '15' } : one),
        { name: 'app.lost', value: null }
      ]
    })
    const tables = facts.tables.map(table => table.name === 'app.dogs' ? { ...table, rows: 3 } : table)
    const checks = await drilled(server, { ...wrong, facts: { ...wrong.facts, tables } })
    assert.equal(checks['row_counts']?.reason, '"app.dogs" has 2 rows instead of 3')
    assert.match(checks['schema']?.reason ?? '', /^indexes: \d+ instead of \d+$/)
    assert.equal(
      checks['sequences']?.reason,
      'the sequence app.counter is at 10, and was at 15; the sequence app.lost is missing'
    )
  })
}

test('a sequence that went on after it was read is no difference, in either direction', async t => {
  if (!needPostgres(t)) return
  const server = await serverOf(15)
  const backup = await dumped(server, 'shop', join(tempDir(t), 'shop.dump'))
  const earlier = withDetails(backup, {
    sequences: [{ name: 'app.counter', value: '5' }, { name: 'app.down', value: '0' }]
  })
  assert.equal((await drilled(server, earlier))['sequences']?.status, 'pass')
  const later = withDetails(backup, { sequences: [{ name: 'app.down', value: '-2' }] })
  assert.equal((await drilled(server, later))['sequences']?.reason, 'the sequence app.down is at -1, and was at -2')
})

test('an archive that cannot be restored is bad: cut off, or with a constraint that its rows break', async t => {
  if (!needPostgres(t)) return
  const server = await serverOf(15)
  const directory = tempDir(t)
  const backup = await dumped(server, 'shop', join(directory, 'shop.dump'))
  const whole = readFileSync(backup.path)
  for (const share of [0, 0.001, 0.5, 0.97]) {
    const path = join(directory, 'cut.dump')
    writeFileSync(path, whole.subarray(0, Math.floor(whole.length * share)))
    const { restore, amcheck } = await drilled(server, { ...backup, path })
    assert.equal(restore?.status, 'fail', `cut at ${share}`)
    assert.equal(amcheck?.reason, 'not reached, because restore failed')
  }
  await server.create('broken')
  await server.query('broken', 'CREATE TABLE a (i int PRIMARY KEY); INSERT INTO a VALUES (1); CREATE TABLE b (i int)')
  await server.query('broken', 'INSERT INTO b VALUES (2); ALTER TABLE b ADD FOREIGN KEY (i) REFERENCES a NOT VALID')
  await server.query('broken', "UPDATE pg_constraint SET convalidated = true WHERE contype = 'f'")
  const { restore } = await drilled(server, await dumped(server, 'broken', join(directory, 'broken.dump')))
  assert.match(restore?.reason ?? '', /violates foreign key constraint .* \(SQLSTATE 23503\)$/)
})

test('what this machine lacks is no verdict: a role, an extension, a locale, a program, a user', async t => {
  if (!needPostgres(t)) return
  const server = await serverOf(15)
  const directory = tempDir(t)
  const backup = await dumped(server, 'shop', join(directory, 'shop.dump'))
  const refused = async (given: PostgresBackup, message: RegExp): Promise<void> => {
    assert.match((await rejectsWith('REHEARSAL_IMPOSSIBLE', drilled(server, given))).message, message)
  }
  await refused(withDetails(backup, { roles: ['postgres'] }), /role "shop "owner"" does not exist/)
  await refused(
    withDetails(backup, { extensions: [{ name: 'postgis', version: '3' }] }),
    /the extension "postgis", which the backup needs, is not installed/
  )
  await refused(withDetails(backup, { collate: 'xx_XX.utf8', ctype: 'xx_XX.utf8' }), /xx_XX\.utf8/)
  await rejectsWith('SOURCE_TOOL_MISSING', drilled({ ...server, programs: directory }, backup))
  if (process.getuid?.() !== 0) return
  const run = async (runAs: string): Promise<unknown> =>
    await postgresRehearser(contextOf(server, scratchOf(backup), { runAs })).rehearse(
      restorableBackup(backup),
      signal
    )
  assert.match((await rejectsWith('REHEARSAL_IMPOSSIBLE', run('no-such-user'))).message, /no user "no-such-user"/)
  assert.match((await rejectsWith('REHEARSAL_IMPOSSIBLE', run('root'))).message, /is root/)
})

test('assertions are evaluated by a role that only reads, and what they give decides', async t => {
  if (!needPostgres(t)) return
  const server = await serverOf(15)
  const backup = await dumped(server, 'shop', join(tempDir(t), 'shop.dump'))
  const context = contextOf(server, scratchOf(backup))
  const rehearsal = await postgresRehearser(context, 500).rehearse(restorableBackup(backup), signal)
  t.after(() => rehearsal.close())
  const assess = async (sql: string, bound: { min?: number, max?: number, equals?: number | string }) => {
    const [result] = await rehearsal.assess([{ name: 'a', sql, ...bound }], AT, signal)
    return result?.reason === null ? result.status : `${result?.status ?? ''}: ${result?.reason ?? ''}`
  }
  assert.equal(await assess('SELECT count(*) FROM app.orders;', { equals: 5000 }), 'pass')
  assert.equal(await assess('SELECT count(*) FROM app.secret -- all', { equals: 2 }), 'pass')
  assert.equal(
    await assess('SELECT count(*) FROM app.orders', { min: 5001 }),
    'fail: found 5000, expected at least 5001'
  )
  assert.equal(await assess('SELECT 12345678901234567890::numeric', { equals: '12345678901234567890' }), 'pass')
  assert.equal(await assess('SELECT 2.5::numeric', { min: 2, max: 3 }), 'pass')
  assert.equal(await assess("SELECT 'x'::varchar", { equals: 'x' }), 'pass')
  assert.equal(await assess('SELECT true', { equals: 'true' }), 'pass')
  assert.equal(await assess('SELECT extract(year from :at)::int', { equals: 2026 }), 'pass')
  assert.equal(await assess("SELECT count(*) FROM app.orders WHERE at > :at - interval '9 days'", { min: 1 }), 'pass')
  assert.equal(await assess("SELECT ':at' || $$;$$", { equals: ':at;' }), 'pass')
  assert.equal(await assess('WITH x AS (SELECT 1) TABLE x', { equals: 1 }), 'pass')
  assert.equal(await assess('SELECT NULL::int', { min: 0 }), 'fail: the query returned no value')
  assert.equal(await assess('SELECT 1 WHERE false', { min: 0 }), 'fail: the query returned no value')
  assert.match(
    await assess('SELECT generate_series(1, 1000000000)', { min: 0 }),
    /^inconclusive: .* more than one value/
  )
  assert.match(await assess('SELECT 1, 2', { min: 0 }), /^inconclusive: the query returns more than one value/)
  assert.match(await assess("SELECT '\\x00'::bytea", { min: 0 }), /^inconclusive: the query returns binary data/)
  assert.match(
    await assess('SELECT count(*) FROM lost', { min: 0 }),
    /^inconclusive: the query failed: .*does not exist/
  )
  assert.match(await assess('SELECT pg_sleep(60)', { min: 0 }), /^inconclusive: .* did not finish within 0.5 seconds/)
  assert.match(await assess("SELECT setval('app.counter', 1)", { min: 0 }), /^inconclusive: .*(read-only|denied)/)
  assert.match(await assess('WITH x AS (DELETE FROM app.dogs RETURNING 1) SELECT 1', { min: 0 }), /^inconclusive/)
  assert.match(await assess("SELECT pg_read_file('/etc/passwd')", { equals: '' }), /^inconclusive: .*permission denied/)
})

test('a cancelled drill ends the server and removes its files', async t => {
  if (!needPostgres(t)) return
  const server = await serverOf(15)
  const directory = tempDir(t)
  const backup = await dumped(server, 'shop', join(directory, 'shop.dump'))
  const scratch = scratchOf(backup)
  const controller = new AbortController()
  const rehearser = postgresRehearser(contextOf(server, scratch))
  const begun = rehearser.rehearse(restorableBackup(backup), controller.signal)
  controller.abort(new Error('cancelled'))
  await assert.rejects(begun, /cancelled/)
  const rehearsal = await rehearser.rehearse(restorableBackup(backup), signal)
  const late = new AbortController()
  late.abort(new Error('later'))
  await assert.rejects(rehearsal.checks(late.signal), /later/)
  assert.equal(leftovers(scratch).length, 1)
  await rehearsal.close()
  await rehearsal.close()
  assert.deepEqual(leftovers(scratch), [])
})

for (const user of ['postgres', 'root']) {
  test(`a service of ${user} that is killed during a drill leaves neither a server nor its files`, async t => {
    if (!needPostgres(t)) return
    if (process.getuid?.() !== 0 && user !== userInfo().username) {
      t.skip(`the tests do not run as root, and so not as ${user}`)
      return
    }
    const server = await serverOf(15)
    const directory = tempDir(t)
    const backup = await dumped(server, 'shop', join(directory, 'shop.dump'))
    const scratch = scratchOf(backup)
    const identity = identityOf(user)
    if (identity !== undefined) {
      for (const path of [directory, backup.path, scratch]) chownSync(path, identity.uid, identity.gid)
    }
    const child = spawn(process.execPath, [DRILL_SERVICE], {
      ...identity,
      env: { HOME: '/' },
      stdio: ['pipe', 'pipe', 'inherit']
    })
    t.after(() => child.kill('SIGKILL'))
    child.stdin.end(JSON.stringify({ programs: server.programs, scratch, backup }))
    const [output] = await once(child.stdout, 'data') as [Buffer]
    const { pid, uid, statuses } = JSON.parse(String(output)) as { pid: number, uid: number, statuses: string[] }
    assert.deepEqual(new Set(statuses), new Set(['pass']))
    assert.notEqual(uid, 0)
    // Its data, and its socket where the path of the data is too long for one.
    assert.ok(leftovers(scratch).length >= 1)
    assert.ok(existsSync(`/proc/${pid}`))
    child.kill('SIGKILL')
    await until(() => !existsSync(`/proc/${pid}`) && leftovers(scratch).every(name => isEmptyFolder(scratch, name)))
  })
}

test('files of a server that was killed together with its service are removed by the next drill', async t => {
  if (!needPostgres(t)) return
  const server = await serverOf(15)
  const backup = await dumped(server, 'shop', join(tempDir(t), 'shop.dump'))
  const scratch = scratchOf(backup)
  const rehearser = postgresRehearser(contextOf(server, scratch))
  const rehearsal = await rehearser.rehearse(restorableBackup(backup), signal)
  const [name = ''] = leftovers(scratch)
  await rehearsal.close()
  const others = [name.replace(/-scratch-/, '-gone-'), name.replace(/drill-[0-9a-f]{8}/, 'drill-00000000')]
  for (const other of others) mkdirSync(join(tmpdir(), other, 'data'), { recursive: true })
  t.after(() => {
    for (const other of others) rmSync(join(tmpdir(), other), { recursive: true, force: true })
  })
  const next = await rehearser.rehearse(restorableBackup(backup), signal)
  await next.close()
  assert.deepEqual(others.map(other => existsSync(join(tmpdir(), other))), [false, true])
})

test('the space of a drill counts the archive and the database', async t => {
  if (!needPostgres(t)) return
  const server = await serverOf(15)
  const backup = await dumped(server, 'shop', join(tempDir(t), 'shop.dump'))
  const rehearser = postgresRehearser(contextOf(server, '/nonexistent'))
  const space = (one: PostgresBackup): number => rehearser.space(restorableBackup(one).links.map(link => link.manifest))
  assert.equal(
    space(withDetails(backup, { databaseSize: 10 ** 9 })) - space(withDetails(backup, { databaseSize: 0 })),
    10 ** 9
  )
})
