import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CopyRows } from '../../../src/sources/postgres/copy-rows.ts'
import { tableKey } from '../../../src/sources/postgres/table-name.ts'

const SCRIPT = String.raw`--
-- PostgreSQL database dump; COPY public.comment (i) FROM stdin;
--
\restrict abc
SET client_encoding = 'UTF8';
COPY public.empty (i) FROM stdin;
\.


COPY public.orders (id, note) FROM stdin;
1→a;b
2→\N
\\.→not the end
.→\.

5→'"
\.


SELECT pg_catalog.setval('"odd;
COPY public.no (i) FROM stdin;
"''x', 5, true);
COPY "we ""ird"."ta'ble
x FROM stdin;" ("a;
b") FROM stdin;
1
2
\.
COPY app.no_columns  FROM stdin;


\.
`.replaceAll('→', '\t')

function counted (script: string, chunk: number): readonly [string, number][] {
  const found: [string, number][] = []
  const rows = new CopyRows(table => {
    found.push([tableKey(String(table.statement)) ?? '', table.rows])
  })
  const data = Buffer.from(script)
  for (let at = 0; at < data.length; at += chunk) rows.write(data.subarray(at, at + chunk))
  assert.ok(rows.isComplete)
  return found
}

test('counts the rows of each table, however the script comes in pieces', () => {
  for (const chunk of [1, 2, 3, 5, 7, 16, 1_000_000]) {
    assert.deepEqual(counted(SCRIPT, chunk), [
      ['public\0empty', 0],
      ['public\0orders', 6],
      ['we "ird\0ta\'ble\nx FROM stdin;', 2],
      ['app\0no_columns', 2]
    ], `pieces of ${chunk}`)
  }
})

test('a script that ends within a statement or among rows is incomplete', () => {
  for (
    const script of ['COPY public.a (i) FROM stdin;\n1\n', 'SELECT pg_catalog.setval(', 'COPY a.b (i) FROM stdin;\n\\.']
  ) {
    const rows = new CopyRows(() => {})
    rows.write(Buffer.from(script))
    assert.equal(rows.isComplete, false, script)
  }
})

test('names are the same quoted and unquoted', () => {
  assert.equal(tableKey('"public".orders (a, b)'), tableKey('public."orders"'))
  assert.equal(tableKey('"a.b".c'), 'a.b\0c')
  assert.notEqual(tableKey('a."b.c"'), tableKey('"a.b".c'))
  assert.equal(tableKey('orders'), undefined)
})
