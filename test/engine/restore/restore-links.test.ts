import assert from 'node:assert/strict'
import { lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import type { OpenedEngine } from '../../../src/app/open-engine.ts'
import { makeMoney } from '../../support/databases/money.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { openShop } from '../../support/engine/open-shop.ts'
import { tempDir } from '../../support/temp-dir.ts'

interface Bench extends OpenedEngine {
  readonly volume: string
  readonly real: string
  readonly link: string
  entries(): unknown
}

/** The source is reached through a chain of links, one of them of a directory. */
async function bench (t: TestContext): Promise<Bench> {
  const home = tempDir(t)
  const [volume, link] = [join(home, 'volume'), join(home, 'shop.db')]
  const real = join(volume, 'v1', 'app.db')
  mkdirSync(join(volume, 'v1'), { recursive: true })
  symlinkSync('v1', join(volume, 'current'))
  symlinkSync(join(volume, 'current', 'app.db'), join(home, 'one.db'))
  symlinkSync('one.db', link)
  makeMoney(real, { entries: 2000 })
  const opened = await openShop(t, home)
  await (await opened.engine.create({ type: 'manual', compression: 'none' })).result
  const db = new Database(real)
  db.exec('DELETE FROM entry WHERE id > 1000')
  db.close()
  return {
    ...opened,
    volume,
    real,
    link,
    entries () {
      const reader = new Database(real, { readonly: true })
      try {
        return reader.prepare('SELECT count(*) FROM entry').pluck().get()
      } finally {
        reader.close()
      }
    }
  }
}

for (const mode of ['live', 'replace'] as const) {
  test(`a source reached through symbolic links is restored where it is, and the links stay (${mode})`, async t => {
    const { engine, real, link, entries } = await bench(t)
    const done = await (await engine.restore(1, { mode })).result
    assert.deepEqual([entries(), lstatSync(link).isSymbolicLink(), done.target], [2000, true, real])
    assert.equal(lstatSync(real).isFile(), true)
  })
}

test('where a link leads to a database that is gone, the restored one is made where the link leads', async t => {
  const { engine, volume, real, link, entries } = await bench(t)
  rmSync(real)
  const done = await (await engine.restore(1, {})).result
  assert.deepEqual(readdirSync(join(volume, 'v1')), ['app.db'])
  assert.deepEqual([done.mode, entries(), lstatSync(link).isSymbolicLink()], ['replace', 2000, true])

  rmSync(join(volume, 'v1'), { recursive: true })
  const error = await rejectsWith('RESTORE_TARGET_INVALID', engine.restore(1, {}).then(({ result }) => result))
  assert.match(error.message, /volume.v1", the directory of the database, is not a directory/)
})

test('a link to what is ours is seen through, also where that does not exist yet', async t => {
  const { engine, deps } = await bench(t)
  const home = tempDir(t)
  symlinkSync(join(deps.store.place, 'planted.db'), join(home, 'x.db'))
  await rejectsWith(
    'RESTORE_TARGET_INVALID',
    engine.restore(1, { target: join(home, 'x.db'), overwrite: true }).then(({ result }) => result)
  )
})
