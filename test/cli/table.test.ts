import assert from 'node:assert/strict'
import { stripVTControlCharacters } from 'node:util'
import { test } from 'node:test'
import fc from 'fast-check'
import pc from 'picocolors'
import { table, type Column } from '../../src/cli/table.ts'
import { widthOf } from '../../src/cli/text.ts'

interface Row {
  readonly id: number
  readonly name: string
  readonly note: string
}

const COLUMNS: ReadonlyArray<Column<Row>> = [
  { title: 'ID', align: 'right', cell: ({ id }) => String(id) },
  { title: 'NAME', cell: ({ name }) => name, atLeast: 8, expendable: 1 },
  { title: 'NOTE', cell: ({ note }) => note, atLeast: 6, expendable: 2, cut: 'end' }
]
const ROWS: readonly Row[] = [{ id: 7, name: 'shop-backup-2025', note: 'before the migration' }, {
  id: 12,
  name: 'ledger',
  note: ''
}]

function drawn (width: number, rows = ROWS, columns = COLUMNS): string[] {
  return table(columns, rows, { width, colours: pc.createColors(false) }).split('\n').slice(0, -1)
}

test('with room enough everything stands there, numbers to the right', () => {
  assert.deepEqual(drawn(80), [
    'ID  NAME              NOTE',
    ' 7  shop-backup-2025  before the migration',
    '12  ledger'
  ])
})

test('with less room the widest are cut first', () => {
  assert.deepEqual(drawn(36), [
    'ID  NAME             NOTE',
    ' 7  shop-ba…up-2025  before the mig…',
    '12  ledger'
  ])
  assert.deepEqual(drawn(20), [
    'ID  NAME      NOTE',
    ' 7  shop…025  befor…',
    '12  ledger'
  ])
})

test('what cannot be cut any further goes, the most expendable first', () => {
  assert.deepEqual(drawn(19), ['ID  NAME', ' 7  shop-ba…up-2025', '12  ledger'])
  assert.deepEqual(drawn(11), ['ID', ' 7', '12'])
})

test('what cannot go is cut all the same rather than wrapped', () => {
  const columns = COLUMNS.map(({ expendable: _, atLeast: __, ...column }) => column)
  assert.ok(drawn(16, ROWS, columns).every(line => widthOf(line) <= 16))
})

test('a time is whole as long as a name can give way', () => {
  const columns: ReadonlyArray<Column<Row>> = [
    { title: 'AT', cell: () => '2025-11-24 23:30' },
    { title: 'NAME', cell: ({ name }) => name, atLeast: 8 }
  ]
  assert.deepEqual(drawn(24, ROWS, columns), [
    'AT                NAME',
    '2025-11-24 23:30  sho…25',
    '2025-11-24 23:30  ledger'
  ])
  assert.deepEqual(drawn(22, ROWS, columns), [
    'AT                NAME',
    '2025-11-24 23:30  sh…5',
    '2025-11-24 23:30  le…r'
  ])
  assert.ok(drawn(16, ROWS, columns).every(line => widthOf(line) <= 16))
})

test('a column with nothing in it is left out', () => {
  assert.deepEqual(drawn(80, ROWS.slice(1)), ['ID  NAME', '12  ledger'])
})

test('colours take no room', () => {
  const columns = COLUMNS.map(column => ({ ...column, paint: (text: string) => pc.createColors(true).red(text) }))
  const coloured = table(columns, ROWS, { width: 36, colours: pc.createColors(true) })
  assert.ok(coloured.includes(pc.createColors(true).red('ledger')))
  assert.deepEqual(stripVTControlCharacters(coloured).split('\n').slice(0, -1), drawn(36))
})

test('no line is ever wider than the screen, and none is torn', () => {
  const row = fc.record({
    id: fc.nat(),
    name: fc.string({ unit: 'grapheme', maxLength: 60 }),
    note: fc.string({ unit: 'grapheme', maxLength: 60 })
  })
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), fc.integer({ min: 12, max: 120 }), (rows, width) => {
      const lines = drawn(width, rows)
      assert.equal(lines.length, rows.length + 1)
      for (const line of lines) assert.ok(widthOf(line) <= width, line)
    })
  )
})
