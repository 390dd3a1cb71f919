import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import pg from 'pg'
import type { Restorable } from '../../../src/core/restore/restorable.ts'
import type { Placement } from '../../../src/core/restore/restore.ts'
import { parseUrl } from '../../../src/sources/postgres/connection.ts'
import { knownServers } from '../../../src/sources/postgres/known-servers.ts'
import { postgresRestorer } from '../../../src/sources/postgres/restore.ts'
import { postgresTargets } from '../../../src/sources/postgres/restore-targets.ts'
import { archiveDatabase } from '../../support/databases/postgres-archive.ts'
import { needPostgres, startPostgres, type PostgresServer } from '../../support/databases/postgres.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

function restoring (server: PostgresServer, database: string, scratchDir: string, user?: string) {
  const servers = knownServers()
  const url = server.url(encodeURIComponent(database), user)
  servers.remember({ name: 'books', database: parseUrl(url), programs: [server.programs] })
  const targets = postgresTargets(servers)
  const restorer = postgresRestorer({ servers, scratchDir, programs: [] })
  const placement = (target?: string): Placement => {
    const path = target === undefined ? url : targets.parse(target, { source: 'books', isConfined: true })
    return {
      mode: target === undefined ? 'replace' : 'file',
      path,
      overwrite: false,
      timeout: 5000,
      aside: targets.aside(path)
    }
  }
  return { restorer, placement }
}

async function names (server: PostgresServer): Promise<string[]> {
  const rows = await server.query('postgres', "SELECT datname FROM pg_database WHERE datname ~ 'books' ORDER BY 1")
  return rows.map(({ datname }) => datname)
}

for (const major of [15, 17]) {
  test(`PostgreSQL ${major}: restores to a new database, and in place with its settings, and undoes that`, async t => {
    if (!needPostgres(t, major)) return
    const server = await startPostgres({ major })
    const scratch = tempDir(t)
    const name = 'odd "books" = \\ \''
    await server.create(name)
    await server.query('postgres', 'CREATE ROLE app; CREATE ROLE reader')
    await server.query(
      name,
      `
      CREATE TABLE "Order" (id int PRIMARY KEY, v text); INSERT INTO "Order" SELECT i, 'a' FROM generate_series(1, 1000) i;
      CREATE SEQUENCE s; SELECT nextval('s'), nextval('s');
      ALTER TABLE "Order" OWNER TO app; GRANT SELECT ON "Order" TO reader`
    )
    const quoted = `"${name.replaceAll('"', '""')}"`
    await server.query(
      'postgres',
      `
      ALTER DATABASE ${quoted} OWNER TO app; ALTER DATABASE ${quoted} CONNECTION LIMIT 17;
      REVOKE ALL ON DATABASE ${quoted} FROM PUBLIC; GRANT CONNECT ON DATABASE ${quoted} TO reader WITH GRANT OPTION;
      ALTER DATABASE ${quoted} SET search_path = "$user", public, "a b"; ALTER DATABASE ${quoted} SET "my.tenant" = 'x''y';
      ALTER ROLE reader IN DATABASE ${quoted} SET work_mem = '7MB';
      COMMENT ON DATABASE ${quoted} IS 'it''s \\ a comment'`
    )
    const link = await archiveDatabase(server, name, scratch)
    const restorable = { links: [link] } as const
    const { restorer, placement } = restoring(server, name, scratch)
    const settings = async (database: string) =>
      await server.query(
        'postgres',
        `
        SELECT pg_get_userbyid(datdba) AS owner, datconnlimit, shobj_description(d.oid, 'pg_database') AS comment,
          ARRAY(SELECT x::text FROM unnest(datacl) x ORDER BY 1)::text[] AS acl,
          (SELECT array_agg(coalesce(rolname, '') || array_to_string(setconfig, '|') ORDER BY setrole)::text
           FROM pg_db_role_setting LEFT JOIN pg_roles r ON r.oid = setrole WHERE setdatabase = d.oid) AS variables
        FROM pg_database d WHERE datname = '${database.replaceAll("'", "''")}'`
      )
    const before = await settings(name)

    const copy = placement('books_copy')
    await restorer.check(link.manifest, copy, never)
    const placed = await restorer.place(restorable, copy, () => {}, never)
    assert.deepEqual([placed.isOldKept, placed.warnings], [false, []])
    assert.deepEqual(
      await server.query(
        'books_copy',
        `
      SELECT count(*)::int, max(pg_get_userbyid(relowner)) AS owner, (SELECT last_value::int FROM s) AS s
      FROM "Order", pg_class WHERE relname = 'Order'`
      ),
      [{ count: 1000, owner: 'app', s: 2 }]
    )
    await assert.rejects(restorer.check(link.manifest, copy, never), { code: 'RESTORE_TARGET_EXISTS' })

    await server.query(
      name,
      'INSERT INTO "Order" SELECT i, v FROM generate_series(1001, 1005) i, md5(random()::text) v'
    )
    const place = placement()
    const done = await restorer.place(restorable, place, () => {}, never)
    assert.deepEqual([done.isOldKept, done.warnings], [true, []])
    assert.deepEqual(await settings(name), before)
    const rows = async (database: string) =>
      (await server.query(database, 'SELECT count(*)::int FROM "Order"'))[0].count
    const kept = parseUrl(place.aside).name
    assert.deepEqual([await rows(name), await rows(kept)], [1000, 1005])
    assert.deepEqual(await names(server), ['books_copy', name, kept].toSorted())

    await restorer.revert(place.path, place.aside, true)
    assert.equal(await rows(name), 1005)
    assert.deepEqual(await settings(name), before)
    assert.deepEqual(await names(server), ['books_copy', name].toSorted())
    await restorer.revert(place.path, place.aside, true)
    assert.equal(await rows(name), 1005, 'a second undo changes nothing')
  })
}

/** A database with one table, its backup, and what is to be restored with. */
async function booksOn (
  t: Parameters<typeof tempDir>[0],
  server: PostgresServer,
  database = 'books',
  sql = 'CREATE TABLE t AS SELECT generate_series(1, 10) AS id'
) {
  const scratch = tempDir(t)
  await server.create(database)
  await server.query(database, sql)
  const link = await archiveDatabase(server, database, scratch)
  return { link, scratch, restorable: { links: [link] } as const, ...restoring(server, database, scratch) }
}

/** A copy of an archive without its end. */
function cutArchive (t: Parameters<typeof tempDir>[0], path: string): string {
  const bytes = readFileSync(path)
  const copy = join(tempDir(t), 'cut.dump')
  writeFileSync(copy, bytes.subarray(0, bytes.length - 60))
  return copy
}

test('counts the rows of the tables, named as in the facts', async t => {
  if (!needPostgres(t)) return
  const server = await startPostgres()
  const { link, restorer, placement } = await booksOn(
    t,
    server,
    'books',
    'CREATE TABLE "T x" (); CREATE TABLE u AS SELECT 1'
  )
  assert.deepEqual(await restorer.counts?.(placement().path, never), link.manifest.facts.tables)
  assert.deepEqual(link.manifest.facts.tables.map(({ rows }) => rows), [0, 1])
})

test('refuses before it changes anything what the server does not have', async t => {
  if (!needPostgres(t)) return
  const server = await startPostgres()
  const { link, scratch, restorer, placement } = await booksOn(t, server)
  const details = (change: object): typeof link.manifest => ({
    ...link.manifest,
    facts: { ...link.manifest.facts, details: { ...link.manifest.facts.details, ...change } }
  })
  const before = await names(server)
  const refused = async (
    manifest: typeof link.manifest,
    place: Placement,
    code: string,
    text: RegExp
  ): Promise<void> => {
    await assert.rejects(restorer.check(manifest, place, never), (thrown: any) => {
      assert.deepEqual([thrown.code, text.test(`${thrown.message} ${thrown.hint}`)], [code, true], thrown.message)
      return true
    })
  }
  const file = placement('copy')
  const missing = 'RESTORE_REQUIREMENT_MISSING'
  await refused(details({ roles: ['app', 'reader'] }), file, missing, /the role "app", "reader".*--no-owners/)
  await restorer.check(details({ roles: ['app'], owner: 'gone' }), { ...file, isWithoutOwners: true }, never)
  await refused(details({ extensions: [{ name: 'postgis', version: '3' }] }), file, missing, /the extension "postgis"/)
  await refused(details({ localeProvider: 'b', locale: 'C' }), file, missing, /"builtin".*PostgreSQL 17 or later/)
  await refused(details({ clientVersion: '99.1' }), file, 'SOURCE_TOOL_MISSING', /pg_restore/)
  await refused({ ...link.manifest, facts: { ...link.manifest.facts, details: {} } }, file, 'BACKUP_INVALID', /facts/)

  await server.query('postgres', 'CREATE ROLE poor LOGIN; CREATE ROLE maker LOGIN CREATEDB')
  for (
    const [user, place, text] of [
      ['poor', 'new', /must not create databases/],
      ['maker', undefined, /"maker" is not a member of the role "postgres"/]
    ] as const
  ) {
    const other = restoring(server, 'books', scratch, user)
    await assert.rejects(other.restorer.check(link.manifest, other.placement(place), never), text)
  }
  assert.deepEqual(await names(server), before)
})

test('a restore that fails leaves nothing, and the database as it was', async t => {
  if (!needPostgres(t)) return
  const server = await startPostgres()
  const { link, restorer, placement } = await booksOn(t, server)
  const before = await names(server)
  const more = { ...link.manifest.facts, tables: [{ name: 'public.t', rows: 11 }, { name: 'public.u', rows: 1 }] }
  const wrong = { links: [{ ...link, manifest: { ...link.manifest, facts: more } }] } as const
  await assert.rejects(restorer.place(wrong, placement(), () => {}, never), {
    code: 'BACKUP_INVALID',
    message: 'the restored database differs from the backup: public.t has 10 rows instead of 11, public.u is missing'
  })
  const aborted = new AbortController()
  const reason = new Error('enough')
  const cut: Restorable = {
    links: [{
      ...link,
      images: {
        ...link.images,
        file: async () => {
          aborted.abort(reason)
          return link.path
        }
      }
    }]
  }
  await assert.rejects(restorer.place(cut, placement(), () => {}, aborted.signal), reason)
  const damaged = cutArchive(t, link.path)
  await assert.rejects(
    restorer.place(
      { links: [{ ...link, images: { ...link.images, file: async () => damaged } }] },
      placement(),
      () => {},
      never
    ),
    { code: 'RESTORE_FAILED', message: /pg_restore failed \(exit code 1\): / }
  )
  assert.deepEqual(await names(server), before)
})

test('ends the sessions of applications, and keeps what stands in its way', async t => {
  if (!needPostgres(t)) return
  const server = await startPostgres({ settings: { max_prepared_transactions: '2' } })
  const { link, restorable, restorer, placement } = await booksOn(t, server)
  const client = new pg.Client({ connectionString: server.url('books'), application_name: 'shop' })
  client.on('error', () => {})
  await client.connect()
  await client.query('BEGIN; LOCK TABLE t')
  const place = placement()
  const holders = await restorer.holders(place.path, never)
  assert.deepEqual(holders.map(({ command }) => command), ['shop, role "postgres", from 127.0.0.1'])
  await restorer.place(restorable, place, () => {}, never)
  await assert.rejects(client.query('SELECT 1'))

  const kept = parseUrl(place.aside).name
  const reader = new pg.Client({ connectionString: server.url(kept), application_name: 'rescue' })
  reader.on('error', () => {})
  await reader.connect()
  await assert.rejects(restorer.discard(place.aside), { code: 'RESTORE_TARGET_OPEN', message: /rescue/ })
  await reader.end()
  await restorer.discard(place.aside)
  assert.deepEqual(await names(server), ['books'])

  await server.query('books', "BEGIN; INSERT INTO t VALUES (11); PREPARE TRANSACTION 'half'")
  await assert.rejects(restorer.check(link.manifest, placement(), never), {
    code: 'RESTORE_TARGET_OPEN',
    message: /"half"/
  })
  await server.query('books', "ROLLBACK PREPARED 'half'")
})

test('sessions that the role may not end are named once the time is over', async t => {
  if (!needPostgres(t)) return
  const server = await startPostgres()
  await server.query('postgres', 'CREATE ROLE maker LOGIN CREATEDB')
  await server.query('postgres', 'CREATE DATABASE books OWNER maker')
  const scratch = tempDir(t)
  const link = await archiveDatabase(server, 'books', scratch)
  const { restorer, placement } = restoring(server, 'books', scratch, 'maker')
  const client = new pg.Client({ connectionString: server.url('books'), application_name: 'admin' })
  await client.connect()
  t.after(() => client.end())
  await assert.rejects(restorer.place({ links: [link] }, { ...placement(), timeout: 0 }, () => {}, never), {
    code: 'RESTORE_TARGET_OPEN',
    message: /the database "books" is still in use.*admin/
  })
  assert.deepEqual(await names(server), ['books'])
  await client.query('SELECT 1')
})
