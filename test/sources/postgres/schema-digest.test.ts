import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { parseUrl } from '../../../src/sources/postgres/connection.ts'
import { schemaDifferences, schemaOf, type SchemaClass } from '../../../src/sources/postgres/schema-digest.ts'
import { openSession } from '../../../src/sources/postgres/session.ts'
import { needPostgres, startPostgres, type PostgresServer } from '../../support/databases/postgres.ts'
import { RICH, RICH_ROLES } from '../../support/databases/rich-postgres.ts'
import { tempDir } from '../../support/temp-dir.ts'

const run = promisify(execFile)
const signal = new AbortController().signal

async function schema (
  server: PostgresServer,
  database: string,
  tables: readonly string[] | null = null
): Promise<readonly SchemaClass[]> {
  const session = await openSession(parseUrl(server.url(database)), signal)
  try {
    return await schemaOf(session, tables)
  } finally {
    await session.close()
  }
}

const CHANGES: ReadonlyArray<readonly [change: string, difference: string]> = [
  ['CREATE SCHEMA another', 'schemas: 4 instead of 3'],
  ['DROP TABLE app.empty', 'tables: 11 instead of 12'],
  ['ALTER TABLE app.animals ALTER name SET NOT NULL', 'the definitions of its columns differ'],
  ['ALTER TABLE app.customers ALTER kind TYPE varchar(8)', 'the definitions of its columns differ'],
  ['ALTER TABLE app.customers ALTER kind DROP DEFAULT', 'the definitions of its columns differ'],
  ['DROP INDEX app.orders_note', 'indexes:'],
  ['ALTER TABLE app.orders DROP CONSTRAINT orders_customer_fkey', 'constraints:'],
  ['ALTER TABLE app.customers DROP CONSTRAINT customers_kind_check', 'constraints:'],
  ['ALTER TABLE app.dogs NO INHERIT app.animals', 'inheritance:'],
  ['DROP TRIGGER touched ON app.orders', 'triggers:'],
  ['DROP POLICY own ON app.secret', 'policies:'],
  ['DROP RULE quiet ON app.empty', 'rules:'],
  ['DROP VIEW app.paid', 'views:'],
  ['ALTER SEQUENCE app.counter INCREMENT 7', 'the definitions of its sequences differ'],
  [
    "CREATE OR REPLACE FUNCTION app.f(a int, b text DEFAULT 'x') RETURNS text LANGUAGE sql AS 'SELECT 1::text'",
    'the definitions of its functions differ'
  ],
  ["ALTER TYPE app.state ADD VALUE 'lost'", 'the definitions of its types differ'],
  ['DROP PUBLICATION pub', 'publications:'],
  ['ALTER TABLE app.secret DISABLE ROW LEVEL SECURITY', 'the definitions of its tables differ']
]

for (const major of [15, 17]) {
  test(`what PostgreSQL ${major} restores has the schema of the source, and each change shows`, async t => {
    if (!needPostgres(t, major)) return
    const server = await startPostgres({ major })
    await server.create('shop')
    await server.query('postgres', RICH_ROLES)
    await server.query('shop', RICH)
    const source = await schema(server, 'shop')
    assert.deepEqual(await schema(server, 'shop'), source)
    assert.ok(source.every(({ count, name }) => count > 0 || ['eventTriggers', 'foreignServers'].includes(name)))
    const archive = join(tempDir(t), 'shop.dump')
    await run(join(server.programs, 'pg_dump'), ['-d', server.url('shop'), '-Fc', '-f', archive])
    await server.create('copy')
    await run(join(server.programs, 'pg_restore'), ['-e', '-d', server.url('copy'), archive])
    assert.deepEqual(schemaDifferences(source, await schema(server, 'copy')), [])
    for (const [change, difference] of CHANGES) {
      await server.query('postgres', 'DROP DATABASE IF EXISTS changed')
      await server.query('postgres', 'CREATE DATABASE changed TEMPLATE copy')
      await server.query('changed', change)
      const found = schemaDifferences(source, await schema(server, 'changed'))
      assert.ok(found.some(text => text.startsWith(difference)), `${change}: ${found.join('; ')}`)
    }
  })
}

test('of chosen tables only these and what belongs to them count', async t => {
  if (!needPostgres(t)) return
  const server = await startPostgres()
  await server.create('shop')
  await server.query('postgres', RICH_ROLES)
  await server.query('shop', RICH)
  const tables = ['app.customers', '"We ""ird"."select"']
  const before = await schema(server, 'shop', tables)
  assert.equal(before.find(({ name }) => name === 'tables')?.count, 2)
  assert.equal(before.find(({ name }) => name === 'functions'), undefined)
  await server.query('shop', 'DROP TABLE app.secret; CREATE TABLE app.other (i int PRIMARY KEY)')
  assert.deepEqual(schemaDifferences(before, await schema(server, 'shop', tables)), [])
  await server.query('shop', 'CREATE INDEX ON app.customers (name)')
  assert.deepEqual(schemaDifferences(before, await schema(server, 'shop', tables)), ['indexes: 2 instead of 1'])
})
