import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { freeNames } from '../../../src/engine/backup/file-names.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'

const AT = new Date('2025-11-24T23:30:00.000Z')
const MAIN = { name: 'main', extension: '.dump.zst.age' }
const OTHERS = [{ name: 'globals', extension: '.sql.zst.age' }, { name: 'db/other', extension: '.dump' }]
const BASE = 'shop-backup-2025-11-24T23-30-00'

test('all files of a backup begin with its name, and the main one is the key', async t => {
  const { deps } = await testEngine(t)
  const { key, parts } = await freeNames(deps, 'shop', AT, [MAIN, ...OTHERS])
  assert.equal(key, `${BASE}.dump.zst.age`)
  assert.deepEqual(parts.map(({ name, fileName }) => [name, fileName]), [
    ['globals', `${BASE}.globals.sql.zst.age`],
    ['db/other', `${BASE}.db.other.dump`]
  ])
})

for (
  const taken of [
    `${BASE}.dump.zst.age`,
    `${BASE}.dump.zst.age.manifest.json`,
    `${BASE}.globals.sql.zst.age`,
    `trash/${BASE}.db.other.dump`,
    `quarantine/${BASE}.globals.sql.zst.age`
  ]
) {
  test(`where "${taken}" is there, all files get another name`, async t => {
    const { deps, directory } = await testEngine(t)
    mkdirSync(dirname(join(directory, taken)), { recursive: true })
    writeFileSync(join(directory, taken), '')
    const { key, parts } = await freeNames(deps, 'shop', AT, [MAIN, ...OTHERS])
    assert.deepEqual([key, ...parts.map(({ fileName }) => fileName)], [
      `${BASE}-2.dump.zst.age`,
      `${BASE}-2.globals.sql.zst.age`,
      `${BASE}-2.db.other.dump`
    ])
  })
}

test('a source whose name cannot be part of a file name is refused', async t => {
  const { deps } = await testEngine(t)
  await rejectsWith('VALIDATION_FAILED', freeNames(deps, '../shop', AT, [MAIN]))
})
