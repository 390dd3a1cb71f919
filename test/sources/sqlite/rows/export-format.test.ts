import assert from 'node:assert/strict'
import { isUtf8 } from 'node:buffer'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import type { ExportFormat } from '../../../../src/core/ports/export.ts'
import { Dice } from '../../../support/seeded-random.ts'
import { needTool } from '../../../support/skip-without.ts'
import { exportBench, type ExportBench } from './export-bench.ts'

const SEED = Number(process.env.HOLDFAST_SEED ?? Date.now() % 1_000_000)
const ROWS = 2000
const COLUMNS = ['id', 'plain', 'text "of" one', 'number', 'any', 'select']
const SCHEMA =
  'CREATE TABLE "all, of it" (id INTEGER PRIMARY KEY, plain, "text ""of"" one" TEXT COLLATE NOCASE, number REAL, any ANY, "select" BLOB)'

const TEXTS = [
  '',
  'NULL',
  'null',
  '1',
  '-1.5e3',
  '007',
  '2024-10-11',
  'Infinity',
  '\\x00ff',
  '\\.',
  '\\N',
  'a,b',
  'say "hi"',
  "it's",
  'two\nlines',
  'two\r\nlines',
  'one\rtwo',
  '\t tab ',
  ' ',
  'nul\0inside',
  '\u0001',
  'é ü 漢 🙂',
  '\u2028',
  '=1+1',
  '{"real":"Infinity"}',
  '--',
  ';'
]
const NUMBERS = [
  0n,
  1n,
  -1n,
  9007199254740993n,
  9223372036854775807n,
  -9223372036854775808n,
  0.1,
  -0.5,
  1,
  1e21,
  123456789012345680000,
  2.2250738585072014e-308,
  5e-324,
  1.7976931348623157e308,
  -0,
  Infinity,
  -Infinity,
  1 / 3
]

/** A value with its type: bytes of a text as `latin1`, hex digits of a blob, digits of an integer. */
type Typed = readonly [type: string, value?: unknown]

/** The rows of the table, by which two databases have the same content. */
function contentOf (db: Database.Database): Typed[][] {
  const hasBytes = db.pragma('encoding', { simple: true }) === 'UTF-8'
  const columns = COLUMNS.map(name => `"${name.replaceAll('"', '""')}"`).flatMap(name => [
    `typeof(${name})`,
    `CASE typeof(${name}) WHEN 'text' THEN ${hasBytes ? `CAST(${name} AS BLOB)` : name} ELSE ${name} END`
  ])
  const rows = db.prepare(`SELECT ${columns.join(', ')} FROM "all, of it" ORDER BY id`).raw().safeIntegers().all()
  return (rows as unknown[][]).map(row =>
    COLUMNS.map((_, at): Typed => {
      const [type, value] = [String(row[at * 2]), row[at * 2 + 1]]
      if (type === 'text') return [type, Buffer.from(value as string).toString('latin1')]
      if (type === 'blob') return [type, (value as Buffer).toString('hex')]
      return type === 'null' ? [type] : [type, type === 'integer' ? String(value) : value]
    })
  )
}

function realOf (dice: Dice): number {
  for (;;) {
    const bits = Buffer.alloc(8)
    for (let at = 0; at < 8; at++) bits.writeUInt8(dice.between(0, 255), at)
    const value = bits.readDoubleLE()
    if (Number.isFinite(value)) return value
  }
}

/**
 * Values of every type. `isValid`: every text is UTF-8; `isShort`: no real has more than 15 digits, which versions of
 * SQLite before 3.47 do not always read exactly.
 */
function filled (
  bench: ExportBench,
  { isValid, isShort = false }: { readonly isValid: boolean, readonly isShort?: boolean }
): void {
  const numbers = NUMBERS.filter(one => !isShort || typeof one === 'bigint' || Number(one.toPrecision(15)) === one)
  const dice = new Dice(SEED)
  const value = (): unknown => {
    switch (dice.between(0, 6)) {
      case 0:
        return null
      case 1:
        return dice.pick(numbers)
      case 2:
        return isShort ? dice.between(-1e9, 1e9) / 1000 : realOf(dice)
      case 3:
        return Buffer.from(Array.from({ length: dice.between(0, 9) }, () => dice.between(0, 255)))
      case 4:
        return dice.pick(TEXTS) + dice.pick(TEXTS)
      default:
        return dice.pick(TEXTS)
    }
  }
  const insert = bench.db.prepare('INSERT INTO "all, of it" VALUES (?, ?, ?, ?, ?, ?)')
  bench.db.transaction(() => {
    for (let id = 0; id < ROWS; id++) {
      insert.run(dice.between(0, 9) * ROWS + id, value(), value(), value(), value(), value())
    }
    if (!isValid) {
      bench.db.exec(
        "INSERT INTO \"all, of it\" VALUES (-1, CAST(x'61ff27' AS TEXT), CAST(x'0a22fe' AS TEXT), 1, NULL, CAST(x'c328' AS TEXT))"
      )
    }
  })()
}

/** By rows, so that a difference can be read. */
function assertSame (actual: Typed[][], expected: Typed[][]): void {
  for (const [at, row] of expected.entries()) assert.deepEqual(actual[at], row)
  assert.equal(actual.length, expected.length)
}

function numberOf (text: string): Typed {
  return /^-?\d+$/.test(text) ? ['integer', text] : ['real', Number(text)]
}

/** The rows by the rules of docs/operations.md: only quotes tell a text from a value of another type. */
function readCsv (bytes: Buffer): Typed[][] {
  const text = bytes.toString('latin1')
  const field = /"((?:[^"]|"")*)"|([^,\n]*)/y
  const records: Typed[][] = []
  let record: Typed[] = []
  for (let at = 0; at < text.length;) {
    field.lastIndex = at
    const [whole = '', quoted, plain = ''] = field.exec(text) ?? []
    record.push(
      quoted !== undefined
        ? ['text', quoted.replaceAll('""', '"')]
        : plain === ''
        ? ['null']
        : plain.startsWith('\\x')
        ? ['blob', plain.slice(2)]
        : /^-?(?:[\d.]+(?:e[-+]?\d+)?|Infinity)$/.test(plain)
        ? numberOf(plain)
        : ['text', plain]
    )
    at += whole.length + 1
    if (text[at - 1] === ',') continue
    records.push(record)
    record = []
  }
  return records.slice(1)
}

function readJsonLines (bytes: Buffer): Typed[][] {
  return bytes.toString().split('\n').slice(0, -1).map(line => {
    const row = JSON.parse(
      line,
      (_key, value: unknown, { source = '' }: { source?: string } = {}) =>
        typeof value === 'number' ? numberOf(source) : value
    ) as Record<string, unknown>
    assert.deepEqual(Object.keys(row), COLUMNS)
    return Object.values(row).map((value): Typed => {
      if (value === null) return ['null']
      if (typeof value === 'string') return ['text', Buffer.from(value).toString('latin1')]
      if (Array.isArray(value)) return value as unknown as Typed
      const { blob, real, textBytes } = value as { blob?: string, real?: string, textBytes?: string }
      if (blob !== undefined) return ['blob', blob]
      return real === undefined
        ? ['text', Buffer.from(textBytes ?? '', 'hex').toString('latin1')]
        : ['real', Number(real)]
    })
  })
}

/** What INSERT statements make of a new database. */
function restored (t: TestContext, { home }: ExportBench, run: (path: string) => void): Typed[][] {
  const path = join(home, 'fresh.db')
  const fresh = new Database(path)
  t.after(() => fresh.close())
  fresh.exec(SCHEMA)
  run(path)
  return contentOf(fresh)
}

for (const encoding of ['UTF-8', 'UTF-16le', 'UTF-16be']) {
  test(`every format has the same values as the table, in ${encoding} (HOLDFAST_SEED=${SEED})`, async t => {
    const bench = exportBench(t, `PRAGMA encoding = '${encoding}'; ${SCHEMA}`)
    filled(bench, { isValid: encoding !== 'UTF-8' })
    const expected = contentOf(bench.db)
    const bytesOf = async (format: ExportFormat): Promise<Buffer> =>
      (await bench.fromBackup('all, of it', { format })).bytes
    assertSame(readCsv(await bytesOf('csv')), expected)
    assertSame(readJsonLines(await bytesOf('jsonl')), expected)
    const sql = (await bytesOf('sql')).toString()
    assertSame(
      restored(t, bench, path => {
        new Database(path).exec(sql).close()
      }),
      expected
    )
  })
}

test(`the shell of SQLite makes the same values of INSERT statements (HOLDFAST_SEED=${SEED})`, async t => {
  if (!needTool(t, 'sqlite3')) return
  const bench = exportBench(t, SCHEMA)
  filled(bench, { isValid: false, isShort: true })
  const { bytes } = await bench.fromBackup('all, of it', { format: 'sql' })
  assert.ok(isUtf8(bytes))
  assertSame(
    restored(t, bench, path => {
      const { status, stderr } = spawnSync('sqlite3', [path], { input: bytes })
      assert.deepEqual([status, stderr.toString()], [0, ''])
    }),
    contentOf(bench.db)
  )
})

test('the shell of SQLite reads the CSV file of a table with types', async t => {
  if (!needTool(t, 'sqlite3')) return
  const table = 'CREATE TABLE entry (id INTEGER PRIMARY KEY, amount REAL, note TEXT)'
  const { db, home, fromBackup } = exportBench(
    t,
    `${table}; INSERT INTO entry VALUES (1, 0.1, 'a, "b"' || char(10) || 'c'), (9007199254740993, -1e300, '007')`
  )
  const { bytes } = await fromBackup('entry')
  const [file, path] = [join(home, 'entry.csv'), join(home, 'fresh.db')]
  writeFileSync(file, bytes)
  const { status, stderr } = spawnSync('sqlite3', [path], {
    input: `${table};\n.import --csv --skip 1 "${file}" entry\n`
  })
  assert.deepEqual([status, stderr.toString()], [0, ''])
  const fresh = new Database(path)
  t.after(() => fresh.close())
  const all = 'SELECT id, amount, note FROM entry ORDER BY id'
  assert.deepEqual(
    fresh.prepare(all).raw().safeIntegers().all(),
    db.prepare(all).raw().safeIntegers().all()
  )
})
