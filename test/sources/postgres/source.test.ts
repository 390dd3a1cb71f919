import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { MAIN } from '../../../src/core/ports/part.ts'
import { parseUrl } from '../../../src/sources/postgres/connection.ts'
import { GLOBALS, postgresDetails } from '../../../src/sources/postgres/facts.ts'
import type { Selection } from '../../../src/sources/postgres/fields.ts'
import { needPostgres, startPostgres, type PostgresServer } from '../../support/databases/postgres.ts'
import {
  assertNothingLeft,
  NO_SELECTION,
  programsWith,
  restored,
  sourceOf,
  taken
} from '../../support/databases/postgres-source.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { FULL } from '../../support/sources/images.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

let server: PostgresServer

before(async () => {
  server = await startPostgres({ hba: ['host all sealed 127.0.0.1/32 scram-sha-256'] })
})

/** Everything that a table can be. */
const ALL_KINDS = `
  CREATE SCHEMA "Odd Schema";
  CREATE TABLE "Odd Schema"."select" ("user" int PRIMARY KEY, "a ""quoted"" b" text DEFAULT E'line\\nbreak');
  INSERT INTO "Odd Schema"."select" SELECT i FROM generate_series(1, 7) i;
  CREATE TABLE public."UPPER" (id int GENERATED ALWAYS AS IDENTITY, doubled int GENERATED ALWAYS AS (n * 2) STORED, n int);
  INSERT INTO public."UPPER" (n) SELECT i FROM generate_series(1, 5) i;
  CREATE TABLE public."line
break" (x int); INSERT INTO public."line
break" VALUES (1);
  CREATE TABLE measured (at date NOT NULL, value int) PARTITION BY RANGE (at);
  CREATE TABLE measured_25 PARTITION OF measured FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE TABLE measured_other PARTITION OF measured DEFAULT;
  INSERT INTO measured SELECT date '2024-12-30' + i, i FROM generate_series(0, 9) i;
  CREATE TABLE parent (a int); CREATE TABLE child (b int) INHERITS (parent);
  INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2, 2), (3, 3);
  CREATE UNLOGGED TABLE notes (x text); INSERT INTO notes VALUES ('kept');
  CREATE TYPE mood AS ENUM ('glad', 'sad'); CREATE TABLE people (m mood); INSERT INTO people VALUES ('glad');
  CREATE VIEW glad AS SELECT * FROM people WHERE m = 'glad';
  CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM measured;
  CREATE SEQUENCE tickets START 10; SELECT nextval('tickets');
  CREATE SEQUENCE unused;
  CREATE EXTENSION hstore;
  CREATE EXTENSION postgres_fdw; CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw;
  CREATE FOREIGN TABLE remote (x int) SERVER elsewhere;
  CREATE PUBLICATION all_changes FOR TABLE parent;
  SELECT lo_from_bytea(0, 'large object');
  CREATE TABLE empty (); CREATE ROLE librarian; ALTER TABLE people OWNER TO librarian;
  GRANT SELECT ON parent TO librarian`

test('a backup has every kind of table, and restores by pg_restore alone', async t => {
  if (!needPostgres(t)) return
  const url = await server.create('books')
  await server.query('books', ALL_KINDS)
  const { source, scratch } = sourceOf(t, server, url)
  assert.deepEqual(await source.probe(FULL, never), { size: null, scratch: 0 })
  const { parts, facts } = await taken(source)
  assert.deepEqual([...parts.keys()], [MAIN, GLOBALS])
  assert.deepEqual(Object.fromEntries(facts.tables.map(({ name, rows }) => [name, rows])), {
    '"Odd Schema"."select"': 7,
    'public."UPPER"': 5,
    'public."line\nbreak"': 1,
    'public.child': 2,
    'public.empty': 0,
    'public.measured_25': 8,
    'public.measured_other': 2,
    'public.notes': 1,
    'public.parent': 1,
    'public.people': 1
  })
  assert.match(facts.engine, /^PostgreSQL 15\.\d+$/)
  const details = postgresDetails(facts)!
  assert.deepEqual(details.sequences.map(({ name, value }) => [name, value]), [
    ['public."UPPER_id_seq"', '5'],
    ['public.tickets', '10'],
    ['public.unused', null]
  ])
  assert.deepEqual(details.extensions.map(({ name }) => name), ['hstore', 'plpgsql', 'postgres_fdw'])
  assert.ok(details.roles.includes('librarian'))
  assert.match(String(details.systemId), /^\d{15,}$/)
  assert.match(details.lsn, /^[\dA-F]+\/[\dA-F]+$/)
  assert.match(parts.get(GLOBALS)!.toString(), /CREATE ROLE librarian;/)
  await restored(t, server, parts.get(MAIN)!, 'books_again')
  const { facts: again } = await taken(sourceOf(t, server, server.url('books_again')).source)
  assert.deepEqual(again.tables, facts.tables)
  assert.deepEqual(postgresDetails(again)?.schema, details.schema)
  await assertNothingLeft(server, scratch)
})

test('the role of initdb is among the roles only where it owns an object of the database', async t => {
  if (!needPostgres(t)) return
  await server.query('postgres', 'CREATE ROLE tenant LOGIN; ALTER ROLE tenant CREATEDB')
  await server.query('postgres', 'CREATE DATABASE let OWNER tenant')
  await server.query(
    'let',
    'CREATE EXTENSION hstore; SET ROLE tenant; CREATE SCHEMA rooms; CREATE TABLE rooms.keys (id int)'
  )
  const rolesNow = async (): Promise<readonly string[]> =>
    postgresDetails((await taken(sourceOf(t, server, server.url('let')).source)).facts)!.roles
  assert.deepEqual(await rolesNow(), ['tenant'])
  await server.query('let', 'CREATE FUNCTION rooms.one() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$')
  assert.deepEqual(await rolesNow(), ['postgres', 'tenant'])
})

test('a database of no tables and one of 2,000 are backed up', async t => {
  if (!needPostgres(t)) return
  const { source } = sourceOf(t, server, await server.create('nothing'))
  assert.deepEqual((await taken(source)).facts.tables, [])
  const many = await server.create('many')
  await server.query(
    'many',
    `DO $$ BEGIN FOR i IN 1..2000 LOOP
       EXECUTE format('CREATE TABLE t%s AS SELECT generate_series(1, %s) AS x', i, i % 3); END LOOP; END $$`
  )
  const { facts } = await taken(sourceOf(t, server, many).source)
  assert.equal(facts.tables.length, 2000)
  assert.deepEqual(facts.tables.find(({ name }) => name === 'public.t1001'), { name: 'public.t1001', rows: 1001 % 3 })
})

test('rows that are written after the snapshot are neither in the dump nor in the counts', async t => {
  if (!needPostgres(t)) return
  const url = await server.create('later')
  await server.query('later', 'CREATE TABLE log AS SELECT generate_series(1, 100) AS x')
  const snapshot = await sourceOf(t, server, url).source.snapshot(FULL, never)
  t.after(() => snapshot.close())
  await server.query('later', 'INSERT INTO log SELECT generate_series(1, 50); CREATE TABLE young ()')
  let bytes = Buffer.alloc(0)
  for await (const { name, image } of snapshot.parts()) {
    for await (const chunk of image as AsyncIterable<Buffer>) if (name === MAIN) bytes = Buffer.concat([bytes, chunk])
  }
  const { facts } = await snapshot.outcome()
  assert.deepEqual(facts.tables, [{ name: 'public.log', rows: 100 }])
  await restored(t, server, bytes, 'later_restored')
  assert.deepEqual(await server.query('later_restored', 'SELECT count(*)::int FROM log'), [{ count: 100 }])
})

test('the instant is not held longer than the dump needs it', async t => {
  if (!needPostgres(t)) return
  const url = await server.create('held')
  // More than a pipe holds, so that pg_dump waits for the reader.
  await server.query('held', "CREATE TABLE log AS SELECT repeat('x', 1000) AS x FROM generate_series(1, 5000)")
  const snapshot = await sourceOf(t, server, url).source.snapshot(FULL, never)
  t.after(() => snapshot.close())
  const { value: main } = await snapshot.parts()[Symbol.asyncIterator]().next()
  main.image.on('error', () => {})
  await new Promise(resolve => main.image.once('readable', resolve))
  const own = "SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'holdfast'"
  let [row] = await server.query('held', own)
  for (let attempt = 0; row.count > 0 && attempt < 100; attempt++) {
    await server.query('held', 'SELECT pg_sleep(0.02)')
    ;[row] = await server.query('held', own)
  }
  assert.equal(row.count, 0)
})

test('a password with a colon and a backslash reaches the server, and neither a command line nor an environment', async t => {
  if (!needPostgres(t)) return
  const password = 'p:a\\s s@'
  await server.create('sealed')
  await server.query('sealed', `CREATE ROLE sealed SUPERUSER LOGIN PASSWORD '${password}'; CREATE TABLE t (x int)`)
  const seen = tempDir(t)
  const programs = programsWith(
    t,
    server,
    'pg_dump',
    `tr '\\0' '\\n' < /proc/$$/environ > ${seen}/environ
     tr '\\0' '\\n' < /proc/$$/cmdline > ${seen}/cmdline
     stat -c %a "$PGPASSFILE" > ${seen}/mode
     exec "$REAL" "$@"`
  )
  const given = parseUrl(server.url('sealed', 'sealed'))
  process.env.PGOPTIONS = '-c nonsense=1'
  process.env.SOME_SECRET = 'of the service'
  t.after(() => {
    delete process.env.PGOPTIONS
    delete process.env.SOME_SECRET
  })
  const url = `postgresql://sealed:${encodeURIComponent(password)}@127.0.0.1:${server.port}/sealed`
  const { source, scratch } = sourceOf(t, server, url, { directories: [programs] })
  const { facts } = await taken(source)
  assert.equal(facts.tables.length, 1)
  assert.ok(!JSON.stringify([facts, source.location]).includes('p:a'))
  const [environment, command] = ['environ', 'cmdline'].map(name => readFileSync(join(seen, name), 'utf8'))
  for (const text of [environment!, command!]) assert.ok(!text.includes('p:a') && !text.includes('p%3A'), text)
  assert.deepEqual(
    environment!.split('\n').filter(line => line !== '').map(line => line.split('=')[0]).filter(name => name !== 'PWD')
      .toSorted(),
    ['HOME', 'LC_ALL', 'PATH', 'PGAPPNAME', 'PGCONNECT_TIMEOUT', 'PGPASSFILE', 'PGSSLMODE']
  )
  assert.equal(readFileSync(join(seen, 'mode'), 'utf8').trim(), '600')
  assert.deepEqual(readdirSync(scratch), [])

  const file = join(tempDir(t), 'password')
  writeFileSync(file, `${password}\n`)
  const withFile = { ...given, server: { ...given.server, passwordFile: file } }
  assert.equal((await taken(sourceOf(t, server, url, { database: withFile }).source)).facts.tables.length, 1)
  const wrong = sourceOf(t, server, url.replace('p%3A', 'q%3A')).source
  const error = await rejectsWith('SOURCE_UNAUTHENTICATED', wrong.probe(FULL, never))
  assert.ok(!error.message.includes('q:a'))
  await rejectsWith('SOURCE_UNAUTHENTICATED', wrong.snapshot(FULL, never))
  await rejectsWith(
    'SOURCE_UNREADABLE',
    sourceOf(t, server, url, { database: { ...given, server: { ...given.server, passwordFile: '/no/file' } } }).source
      .probe(FULL, never)
  )
})

test('the roles come with their passwords, without, or not at all', async t => {
  if (!needPostgres(t)) return
  const url = await server.create('roles')
  await server.query(
    'roles',
    `CREATE ROLE teller LOGIN PASSWORD 'secret'; CREATE ROLE reader LOGIN; GRANT pg_read_all_data TO reader;
     CREATE ROLE owner LOGIN; CREATE TABLE t (x int); ALTER TABLE t OWNER TO owner`
  )
  const globals = async (user: string, choice?: 'with-passwords' | 'without-passwords'): Promise<string> => {
    const { source } = sourceOf(t, server, server.url('roles', user), { globals: choice })
    const { parts, facts } = await taken(source)
    const text = parts.get(GLOBALS)!.toString()
    assert.equal(postgresDetails(facts)?.globals?.passwords, text.includes('SCRAM-SHA-256'))
    return text
  }
  assert.match(await globals('postgres'), /teller.*PASSWORD 'SCRAM-SHA-256/)
  assert.match(await globals('reader'), /teller.*PASSWORD 'SCRAM-SHA-256/)
  assert.match(await globals('postgres', 'without-passwords'), /CREATE ROLE teller;/)
  assert.match(await globals('owner'), /CREATE ROLE teller;/)
  await rejectsWith('SOURCE_FORBIDDEN', globals('owner', 'with-passwords'))
  const { source } = sourceOf(t, server, url, { globals: 'none' })
  assert.deepEqual(source.outline('none').map(({ name }) => name), [MAIN])
  const { parts, facts } = await taken(source)
  assert.deepEqual([[...parts.keys()], postgresDetails(facts)?.globals], [[MAIN], null])
})

test('schemas, tables and rows are left out by choice, partitions together with their table', async t => {
  if (!needPostgres(t)) return
  const url = await server.create('chosen')
  await server.query(
    'chosen',
    `CREATE SCHEMA "Audit"; CREATE SCHEMA tmp_1; CREATE TABLE tmp_1.x (x int);
     CREATE TABLE "Audit"."Raw Data" AS SELECT 1 AS x; CREATE TABLE "Audit".kept AS SELECT 1 AS x;
     CREATE TABLE sessions AS SELECT 1 AS x; CREATE VIEW session_list AS SELECT * FROM sessions;
     CREATE TABLE log (at int) PARTITION BY LIST (at);
     CREATE TABLE log_1 PARTITION OF log FOR VALUES IN (1); INSERT INTO log VALUES (1);
     CREATE TABLE plain AS SELECT 1 AS x; CREATE EXTENSION hstore; CREATE TABLE h (h public.hstore)`
  )
  const counts = async (
    selection: Partial<Selection>,
    name: string
  ): Promise<unknown> => {
    const { source } = sourceOf(t, server, url, { selection: { ...NO_SELECTION, ...selection } })
    await source.probe(FULL, never)
    const { parts, facts } = await taken(source)
    await restored(t, server, parts.get(MAIN)!, name)
    const { facts: again } = await taken(sourceOf(t, server, server.url(name)).source)
    assert.deepEqual(again.tables, facts.tables)
    return Object.fromEntries(facts.tables.map(({ name: table, rows }) => [table, rows]))
  }
  assert.deepEqual(
    await counts({
      excludeSchemas: ['tmp_*'],
      excludeTables: ['public.log', 'public.session*'],
      excludeTableData: ['"Audit"."Raw Data"']
    }, 'chosen_1'),
    { '"Audit"."Raw Data"': 0, '"Audit".kept': 1, 'public.h': 0, 'public.plain': 1 }
  )
  assert.deepEqual(await counts({ schemas: ['public'], excludeTableData: ['public.log'] }, 'chosen_2'), {
    'public.h': 0,
    'public.log_1': 0,
    'public.plain': 1,
    'public.sessions': 1
  })
  const probe = async (selection: Partial<Selection>): Promise<unknown> =>
    await sourceOf(t, server, url, { selection: { ...NO_SELECTION, ...selection } }).source.probe(FULL, never)
  const missing = await rejectsWith('SOURCE_MISSING', probe({ schemas: ['pubic'] }))
  assert.match(missing.hint ?? '', /the database has "Audit", "public", "tmp_1"/)
  const needed = await rejectsWith('SOURCE_SETTING', probe({ excludeTables: ['public.sessions'] }))
  assert.match(needed.message, /"public.session_list" needs "public.sessions", which is left out/)
  await server.query('chosen', 'ALTER TABLE plain ADD UNIQUE (x); CREATE TABLE child (x int REFERENCES plain (x))')
  const key = await rejectsWith('SOURCE_SETTING', probe({ excludeTableData: ['public.plain'] }))
  assert.match(key.message, /"public.child" has a foreign key to "public.plain", whose rows are left out/)
  await probe({ excludeTableData: ['public.plain', 'public.child'] })
})

test('what the role may not read is named before anything begins', async t => {
  if (!needPostgres(t)) return
  await server.create('guarded')
  await server.query(
    'guarded',
    `CREATE ROLE clerk LOGIN; CREATE TABLE a (x int); CREATE TABLE b (x int); GRANT SELECT ON a TO clerk;
     CREATE SEQUENCE s; CREATE SCHEMA hidden; CREATE TABLE hidden.c (x int); GRANT SELECT ON hidden.c TO clerk`
  )
  const { source } = sourceOf(t, server, server.url('guarded', 'clerk'))
  const forbidden = await rejectsWith('SOURCE_FORBIDDEN', source.probe(FULL, never))
  assert.match(forbidden.message, /"clerk" may not read "[^"]*", "[^"]*", "[^"]*"$/)
  for (const name of ['hidden.c', 'public.b', 'public.s']) assert.ok(forbidden.message.includes(`"${name}"`), name)
  assert.match(forbidden.hint ?? '', /GRANT pg_read_all_data TO "clerk"/)
  await rejectsWith('SOURCE_FORBIDDEN', source.snapshot(FULL, never))

  await server.query('guarded', 'GRANT pg_read_all_data TO clerk; ALTER TABLE a ENABLE ROW LEVEL SECURITY')
  const filtered = await rejectsWith('SOURCE_FORBIDDEN', source.probe(FULL, never))
  assert.match(filtered.message, /row security hides rows of "public.a" from the role "clerk"/)
  assert.match(filtered.hint ?? '', /BYPASSRLS/)

  await server.query('guarded', "ALTER ROLE clerk BYPASSRLS; SELECT lo_from_bytea(4711, 'x')")
  const large = await rejectsWith('SOURCE_FORBIDDEN', source.probe(FULL, never))
  assert.match(large.message, /may not read 1 large object/)
  await server.query('guarded', 'GRANT SELECT ON LARGE OBJECT 4711 TO clerk')
  await source.probe(FULL, never)
  assert.equal((await taken(source)).facts.tables.length, 3)
})

test('a server that is not there, a database that is not there and programs that are too old have codes of their own', async t => {
  if (!needPostgres(t)) return
  const url = await server.create('there')
  const probe = async (given: string, directories = [server.programs]): Promise<unknown> =>
    await sourceOf(t, server, given, { directories }).source.probe(FULL, never)
  await rejectsWith('SOURCE_UNREACHABLE', probe('postgresql://postgres@127.0.0.1:1/there'))
  await rejectsWith('SOURCE_UNREACHABLE', probe('postgresql://postgres@nowhere.invalid/there'))
  await rejectsWith('SOURCE_UNREACHABLE', probe('postgresql:///there?user=postgres&host=/nowhere'))
  await rejectsWith('SOURCE_MISSING', probe(server.url('not_there')))
  const none = await rejectsWith('SOURCE_TOOL_MISSING', probe(url, [tempDir(t)]))
  assert.match(none.message, /"pg_dump", "pg_dumpall" of PostgreSQL 15 or later are not installed/)
  const old = programsWith(t, server, 'pg_dump', 'exit 1')
  writeFileSync(join(old, 'pg_dump'), '#!/bin/sh\necho "pg_dump (PostgreSQL) 14.9"\n')
  const older = await rejectsWith('SOURCE_TOOL_MISSING', probe(url, [old]))
  assert.match(older.message, /the server is PostgreSQL 15, and the newest .* found here is of PostgreSQL 14/)
  assert.match(older.hint ?? '', /postgresql-client-15/)
})

test('a socket of this machine is a host', async t => {
  if (!needPostgres(t)) return
  await server.create('by_socket')
  const url = `postgresql:///by_socket?user=postgres&host=${server.socket}&port=${server.port}`
  const { source } = sourceOf(t, server, url)
  assert.equal(source.location, `postgresql://postgres@/by_socket?host=${server.socket}&port=${server.port}`)
  assert.deepEqual((await taken(source)).facts.tables, [])
})
