import assert from 'node:assert/strict'
import Database from 'better-sqlite3'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Salvaged } from '../../../src/core/restore/salvage.ts'
import { salvageSchema } from '../../../src/cli/views/salvaged.ts'
import { holdfast, startHoldfast } from '../../support/processes/holdfast.ts'
import { commandLine } from '../../support/cli/command-line.ts'
import { makeMoney } from '../../support/databases/money.ts'
import { until } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const WHOLE: Salvaged = {
  path: '/a.db',
  output: '/b.db',
  size: 8192,
  tables: [{ name: 'invoice', rows: 412, readable: 412 }],
  lost: 0,
  lostTable: null,
  damagedPages: 0,
  integrity: [],
  foreignKeyViolations: 0,
  problems: []
}

for (
  const [name, found, code] of [
    ['everything', {}, 0],
    ['fewer rows than the damaged file tells', { tables: [{ name: 'invoice', rows: 409, readable: 412 }] }, 3],
    [
      'rows of a table that cannot be counted any more',
      { tables: [{ name: 'invoice', rows: 412, readable: null }] },
      3
    ],
    ['rows without a table', { lost: 3, lostTable: 'lost_and_found' }, 3],
    ['not every page', { damagedPages: 1 }, 3],
    ['rows that refer to nothing', { foreignKeyViolations: 2 }, 3],
    ['a table that could not be made', { problems: ['the table "x" could not be made'] }, 3],
    ['something that is not whole itself', { integrity: ['row 1 missing from index i'] }, 3]
  ] as const
) {
  test(`a rescue of ${name} ends with ${code}`, async t => {
    const deps = { salvageDatabase: async () => ({ ...WHOLE, ...found }), knownRows: async () => undefined }
    const { holdfast, json } = await commandLine(t, { deps })
    const { code: ended, out } = await holdfast('salvage', 'a.db', '--output', 'b.db')
    assert.equal(ended, code)
    assert.match(out, code === 0 ? /no sign of missing rows/ : /INCOMPLETE, or completeness unknown/)
    const printed = await json('salvage', 'a.db', '--output', 'b.db')
    assert.deepEqual(salvageSchema.parse(printed), printed)
  })
}

test('"recover", the old name, does the same with a warning, and the help does not list it', async t => {
  const deps = { salvageDatabase: async () => WHOLE, knownRows: async () => undefined }
  const { holdfast } = await commandLine(t, { deps })
  const [old, now] = [
    await holdfast('recover', 'a.db', '--output', 'b.db'),
    await holdfast('salvage', 'a.db', '--output', 'b.db')
  ]
  assert.deepEqual([old.code, old.out], [now.code, now.out])
  assert.deepEqual([old.err, now.err], ['holdfast: "recover" is deprecated: use "salvage"\n', ''])
  const { out } = await holdfast('--help')
  assert.deepEqual([/^ +salvage /m.test(out), /^ +recover /m.test(out)], [true, false])
})

test('without a configuration and without a service it saves what is there, and says what a good backup holds where one is known', async t => {
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 300 })
  const alone = await holdfast(['salvage', 'shop.db', '--output', 'saved.db', '--json'], home)
  assert.deepEqual([alone.code, alone.err], [0, ''])
  const { verdict, backup, tables } = salvageSchema.parse(JSON.parse(alone.out))
  assert.deepEqual([verdict, backup, tables.map(({ name, rows }) => [name, rows])], ['whole', null, [
    ['account', 1000],
    ['entry', 300]
  ]])
  assert.deepEqual(readdirSync(home).toSorted(), ['saved.db', 'shop.db'])

  const environment = { DATABASE_PATH: './shop.db', BACKUP_DIR: './backups', DATA_DIR: './data' }
  assert.equal((await holdfast(['backup'], home, environment)).code, 0)
  const db = new Database(join(home, 'shop.db'))
  db.exec('DELETE FROM entry WHERE id > 297')
  db.close()
  const compared = await holdfast(['salvage', 'shop.db', '--output', 'again.db'], home, environment)
  assert.match(
    compared.out,
    /TABLE +SAVED +IN THE DAMAGED FILE +BACKUP 1\naccount +1000 +1000 +1000\nentry +297 +297 +300\n/
  )
  assert.equal(compared.code, 0)
})

test('Ctrl-C ends a rescue with 130, and nothing is left of it', async t => {
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 200_000 })
  const { child, err, ended } = startHoldfast(t, ['salvage', 'shop.db', '--output', 'saved.db'], home)
  await until(() => err().includes('restoring'))
  child.kill('SIGINT')
  const { code } = await ended
  assert.equal(code, 130)
  assert.deepEqual(readdirSync(home).toSorted(), ['shop.db'])
})
