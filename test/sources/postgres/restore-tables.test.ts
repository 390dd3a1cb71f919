import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import type { Placement } from '../../../src/core/restore/restore.ts'
import { parseUrl } from '../../../src/sources/postgres/connection.ts'
import { knownServers } from '../../../src/sources/postgres/known-servers.ts'
import { postgresRestorer } from '../../../src/sources/postgres/restore.ts'
import { chosenTables } from '../../../src/sources/postgres/restore-selection.ts'
import { archiveDatabase } from '../../support/databases/postgres-archive.ts'
import { needPostgres, startPostgres } from '../../support/databases/postgres.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const CONTENT = `
  CREATE ROLE "b c"; CREATE ROLE c;
  CREATE SCHEMA app; CREATE TYPE app.kind AS ENUM ('x', 'y');
  CREATE TABLE app.customer (id int PRIMARY KEY);
  CREATE TABLE app."we (ird"" order" (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind app.kind DEFAULT 'x', customer int REFERENCES app.customer,
    parent int REFERENCES app."we (ird"" order", note text UNIQUE);
  CREATE TABLE a (v int); ALTER TABLE a OWNER TO "b c";
  CREATE TABLE "a b" (v int); ALTER TABLE "a b" OWNER TO c;
  CREATE TABLE "line
break" (v int);
  CREATE TABLE sales (at date) PARTITION BY RANGE (at);
  CREATE TABLE sales_25 PARTITION OF sales FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE TABLE app.a (v int);
  INSERT INTO app.customer VALUES (1);
  INSERT INTO app."we (ird"" order" (customer, parent, note) VALUES (1, 1, 'one'), (1, 1, 'two');
  INSERT INTO a VALUES (1); INSERT INTO "a b" VALUES (1), (2); INSERT INTO app.a VALUES (1), (2), (3);
  INSERT INTO sales VALUES ('2025-05-05'); INSERT INTO "line
break" VALUES (1);
  CREATE FUNCTION f () RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER t BEFORE INSERT ON app."we (ird"" order" FOR EACH ROW EXECUTE FUNCTION f();
  CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM app.customer`

for (const major of [15, 17]) {
  test(`PostgreSQL ${major}: chosen tables come with their keys, defaults and sequences, and the others are empty`, async t => {
    if (!needPostgres(t, major)) return
    const server = await startPostgres({ major })
    const scratchDir = tempDir(t)
    await server.create('books')
    await server.query('books', CONTENT)
    const link = await archiveDatabase(server, 'books', scratchDir)
    const servers = knownServers()
    servers.remember({ name: 'books', database: parseUrl(server.url('books')), programs: [server.programs] })
    const restorer = postgresRestorer({ servers, scratchDir, programs: [] })
    const restore = async (name: string, tables: readonly string[], schemas: readonly string[] = []) => {
      const placement: Placement = {
        mode: 'file',
        path: server.url(name),
        overwrite: false,
        timeout: 5000,
        aside: server.url(`${name}_before_1`),
        objects: { tables, schemas }
      }
      await restorer.check(link.manifest, placement, never)
      return await restorer.place({ links: [link] }, placement, () => {}, never)
    }
    const rows = async (name: string): Promise<object> =>
      (await server.query(
        name,
        `
        SELECT (SELECT count(*) FROM app.customer)::int AS customer, (SELECT count(*) FROM app."we (ird"" order")::int AS orders,
          (SELECT count(*) FROM a)::int AS a, (SELECT count(*) FROM "a b")::int AS ab, (SELECT count(*) FROM app.a)::int AS app_a,
          (SELECT count(*) FROM sales)::int AS sales, (SELECT count(*) FROM "line
break")::int AS line`
      ))[0]
    const none = { customer: 0, orders: 0, a: 0, ab: 0, app_a: 0, sales: 0, line: 0 }

    const orders = await restore('orders', ['app."we (ird"" order"'])
    assert.deepEqual(await rows('orders'), { ...none, orders: 2 })
    assert.equal(orders.warnings.length, 1)
    assert.match(orders.warnings[0]!, /foreign keys were left out.*customer_fkey postgres"$/)
    const [shape] = await server.query(
      'orders',
      `
      SELECT (SELECT count(*) FROM pg_index i WHERE indrelid = t.oid)::int AS indexes,
        (SELECT count(*) FROM pg_constraint WHERE conrelid = t.oid AND contype = 'f')::int AS keys,
        (SELECT count(*) FROM pg_trigger WHERE tgrelid = t.oid AND NOT tgisinternal)::int AS triggers
      FROM (SELECT 'app."we (ird"" order"'::regclass AS oid) t`
    )
    assert.deepEqual(shape, { indexes: 2, keys: 1, triggers: 1 })
    const [{ id, kind }] = await server.query(
      'orders',
      'INSERT INTO app."we (ird"" order" (note) VALUES (\'3\') RETURNING id, kind'
    )
    assert.deepEqual([id, kind], [3, 'x'])

    assert.deepEqual((await restore('both', ['customer', '"we (ird"" order"'])).warnings, [])
    assert.deepEqual(await rows('both'), { ...none, customer: 1, orders: 2 })
    await restore('named', ['public.a', '"line\nbreak"', 'sales_25'])
    assert.deepEqual(await rows('named'), { ...none, a: 1, sales: 1, line: 1 })
    await restore('spaced', ['"a b"'])
    assert.deepEqual(await rows('spaced'), { ...none, ab: 2 })
    await restore('schema', [], ['app'])
    assert.deepEqual(await rows('schema'), { ...none, customer: 1, orders: 2, app_a: 3 })
    await assert.rejects(restore('x', ['orders']), { code: 'TABLE_NOT_FOUND' })
  })
}

const FACTS = { tables: ['public.a', 'app.a', 'app."B"'].map(name => ({ name, rows: 1 })) }

for (
  const [tables, schemas, text] of [
    [['b'], [], /no table "b".*It has public\.a, app\.a, app\.B/],
    [['a'], [], /"public", "app" each have.*public\.a/],
    [['x.y.z'], [], /no table/],
    [[], ['nope'], /no table in a schema "nope"/]
  ] as const
) {
  test(`refuses ${JSON.stringify([tables, schemas])}, which chooses no table or several`, () => {
    assert.throws(() => chosenTables(FACTS, { tables, schemas }), (thrown: unknown) => {
      assert.ok(thrown instanceof BackupError && thrown.code === 'TABLE_NOT_FOUND')
      assert.match(`${thrown.message} ${thrown.hint}`, text)
      return true
    })
  })
}

test('a table that is chosen twice is restored once', () => {
  assert.deepEqual(chosenTables(FACTS, { tables: ['app."B"', '"B"'], schemas: ['app'] }), [
    { schema: 'app', name: 'a' },
    { schema: 'app', name: 'B' }
  ])
})
