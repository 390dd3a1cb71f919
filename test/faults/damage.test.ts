import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Verification } from '../../src/core/ports/verification.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { makeMoney } from '../support/databases/money.ts'
import { tellPlanted } from '../support/fault-count.ts'
import { openShop } from '../support/engine/open-shop.ts'
import { tempDir } from '../support/temp-dir.ts'

const PLACES = 200

async function verify (engine: Engine, id: number): Promise<Verification> {
  return (await (await engine.verify(id)).result).verification
}

function failed (verification: Verification): string[] {
  return verification.checks.filter(check => check.status === 'fail').map(check => check.name)
}

for (const compression of ['none', 'gzip', 'zstd'] as const) {
  test(`one flipped bit at any of ${PLACES} random places of an artifact is found (${compression})`, async t => {
    const home = tempDir(t)
    makeMoney(join(home, 'shop.db'), { entries: 2000 })
    const { engine } = await openShop(t, home)
    const backup = await (await engine.create({ type: 'manual', compression })).result
    const whole = readFileSync(backup.filePath)
    for (let i = 0; i < PLACES; i++) {
      const at = Math.floor(Math.random() * whole.length)
      const damaged = Buffer.from(whole)
      damaged.writeUInt8(damaged.readUInt8(at) ^ 1 << i % 8, at)
      writeFileSync(backup.filePath, damaged)
      const verification = await verify(engine, backup.id)
      assert.equal(verification.valid, false, `byte ${at}`)
      assert.deepEqual(failed(verification), ['checksum'], `byte ${at}`)
    }
    tellPlanted(t, `flipped bits, ${compression}`, PLACES, PLACES)
    writeFileSync(backup.filePath, whole)
    assert.equal((await verify(engine, backup.id)).valid, true)
  })

  test(`a tail cut off anywhere is found, and so is one that was added (${compression})`, async t => {
    const home = tempDir(t)
    makeMoney(join(home, 'shop.db'), { entries: 500 })
    const { engine } = await openShop(t, home)
    const backup = await (await engine.create({ type: 'manual', compression })).result
    const whole = readFileSync(backup.filePath)
    const lengths = [0, 1, 100, Math.floor(whole.length / 2), whole.length - 4096, whole.length - 1].filter(n => n >= 0)
    for (const length of lengths) {
      writeFileSync(backup.filePath, whole)
      truncateSync(backup.filePath, length)
      assert.deepEqual(failed(await verify(engine, backup.id)), ['checksum'], `cut to ${length}`)
    }
    writeFileSync(backup.filePath, Buffer.concat([whole, Buffer.alloc(1)]))
    assert.deepEqual(failed(await verify(engine, backup.id)), ['checksum'])
    tellPlanted(t, `tails cut off or added, ${compression}`, lengths.length + 1, lengths.length + 1)
  })
}

test('a file swapped with that of another backup is found, although both are whole databases', async t => {
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 500 })
  const { engine } = await openShop(t, home)
  const first = await (await engine.create({ type: 'manual' })).result
  const { default: Database } = await import('better-sqlite3')
  const db = new Database(join(home, 'shop.db'))
  db.exec('UPDATE entry SET amount = amount + 1')
  db.close()
  const second = await (await engine.create({ type: 'manual' })).result
  renameSync(first.filePath, `${first.filePath}.tmp`)
  copyFileSync(second.filePath, first.filePath)
  renameSync(`${first.filePath}.tmp`, second.filePath)
  assert.deepEqual(failed(await verify(engine, first.id)), ['checksum'])
  assert.deepEqual(failed(await verify(engine, second.id)), ['checksum'])
  tellPlanted(t, 'files swapped', 2, 2)
})

test('a manifest edited anywhere, cut, emptied or removed is found', async t => {
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 500 })
  const { engine } = await openShop(t, home)
  const backup = await (await engine.create({ type: 'manual' })).result
  const path = `${backup.filePath}.manifest.json`
  const text = readFileSync(path, 'utf8')
  const edits: Array<(text: string) => string> = [
    whole => whole.replace(/"rows": \d+/, '"rows": 7'),
    whole => whole.replace(/"sha256": "\w/, '"sha256": "0'),
    whole => whole.replace(/"startedAt": "2/, '"startedAt": "1'),
    whole => whole.replace('"full"', '"wal"'),
    whole => whole.replace('"none"', '"gzip"'),
    whole => whole.replace(/"size": (\d+)/, '"size": 1$1'),
    whole => whole.slice(0, -10),
    () => '',
    () => '[]',
    () => '{"__proto__": 1}'
  ]
  for (const edit of edits) {
    assert.notEqual(edit(text), text)
    writeFileSync(path, edit(text))
    assert.deepEqual(failed(await verify(engine, backup.id)), ['manifest'])
  }
  renameSync(path, `${path}.gone`)
  assert.deepEqual(failed(await verify(engine, backup.id)), ['manifest'])
  tellPlanted(t, 'manifests edited or gone', edits.length + 1, edits.length + 1)
})
