import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import type { Source } from '../../../src/core/ports/source.ts'
import type { EngineDeps } from '../../../src/engine/deps.ts'
import { makeEngine } from '../../../src/engine/make-engine.ts'
import { makeMoney } from '../../support/databases/money.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { openShop } from '../../support/engine/open-shop.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { withRestorers } from '../../support/engine/restorers.ts'

const PROGRAM = `
  const fs = require('node:fs')
  const [, path, other] = process.argv
  if (other) {
    fs.copyFileSync(other, path + '.x')
    fs.renameSync(path + '.x', path)
  } else {
    const fd = fs.openSync(path, 'r+')
    fs.writeSync(fd, 'EVIL', fs.fstatSync(fd).size - 4)
  }`

/** Another process changes the stored file: in its place, or by another file under its name. */
function alter (artifact: string, other: string | undefined): void {
  assert.equal(spawnSync(process.execPath, ['-e', PROGRAM, artifact, ...other === undefined ? [] : [other]]).status, 0)
}

/** Runs `work` just before the current content is backed up, when the backup to restore has been proven. */
function beforeSafety (deps: EngineDeps, work: () => void): EngineDeps {
  const sources = new Map([...deps.sources].map(([name, chosen]) => {
    const snapshot: Source['snapshot'] = async (request, signal) => {
      work()
      return await chosen.source.snapshot(request, signal)
    }
    return [name, { ...chosen, source: { ...chosen.source, snapshot } }]
  }))
  return { ...deps, sources }
}

/** Runs `work` just before the content is placed. */
function beforePlacing (deps: EngineDeps, work: () => void): EngineDeps {
  return withRestorers(deps, restorer => ({
    place: async (...args) => {
      work()
      return await restorer.place(...args)
    }
  }))
}

interface Bench {
  readonly home: string
  readonly deps: EngineDeps
  readonly alter: (how: string) => void
  entries(): unknown
}

/**
 * Backup 1 is plain and has 2,000 entries; the live database has 1,000 since. What is put in place of the backup is
 * sound, and has none.
 */
async function bench (t: TestContext): Promise<Bench> {
  const home = tempDir(t)
  const live = join(home, 'shop.db')
  makeMoney(live, { entries: 2000 })
  makeMoney(join(home, 'other.db'), { entries: 0, journalMode: 'delete' })
  const { engine, deps } = await openShop(t, home)
  await (await engine.create({ type: 'manual', compression: 'none' })).result
  const db = new Database(live)
  db.exec('DELETE FROM entry WHERE id > 1000')
  db.close()
  const { filePath } = await engine.backup(1)
  return {
    home,
    deps,
    alter: how => {
      alter(filePath, how === 'exchanged' ? join(home, 'other.db') : undefined)
    },
    entries () {
      const reader = new Database(live, { readonly: true })
      try {
        return reader.prepare('SELECT count(*) FROM entry').pluck().get()
      } finally {
        reader.close()
      }
    }
  }
}

for (const how of ['changed in its place', 'exchanged']) {
  for (const mode of ['live', 'replace'] as const) {
    test(`a backup that is ${how} after its proof is not placed (${mode})`, async t => {
      const { home, deps, alter, entries } = await bench(t)
      const engine = makeEngine(beforeSafety(deps, () => {
        alter(how)
      }))
      const error = await rejectsWith('CHECKSUM_MISMATCH', engine.restore(1, { mode }).then(({ result }) => result))
      assert.equal(error.details?.safetyBackupId, 2)
      assert.equal(entries(), 1000)
      assert.deepEqual(readdirSync(home).filter(name => name.includes('.before-')), [])
    })
  }

  test(`a backup that is ${how} just before it is placed changes nothing of what a live restore places`, async t => {
    const { deps, alter, entries } = await bench(t)
    const engine = makeEngine(beforePlacing(deps, () => {
      alter(how)
    }))
    assert.equal((await (await engine.restore(1, { mode: 'live' })).result).status, 'completed')
    assert.equal(entries(), 2000)
  })

  test(`a backup that is ${how} just before it goes to another path is not placed`, async t => {
    const { home, deps, alter, entries } = await bench(t)
    const engine = makeEngine(beforePlacing(deps, () => {
      alter(how)
    }))
    await rejectsWith(
      'CHECKSUM_MISMATCH',
      engine.restore(1, { target: join(home, 'copy.db') }).then(({ result }) => result)
    )
    assert.equal(entries(), 1000)
    assert.deepEqual(readdirSync(home).filter(name => name.startsWith('copy.db')), [])
  })

  test(`a backup that is ${how} between the plan of a rescue and its writing gives the rows that were proven`, async t => {
    const { deps, alter, entries } = await bench(t)
    const kinds = new Map([...deps.kinds].map(([name, kind]) => {
      const rows = kind.rows!
      const rescue = async (...args: Parameters<typeof rows.rescue>) => {
        alter(how)
        return await rows.rescue(...args)
      }
      return [name, { ...kind, rows: { ...rows, rescue } }]
    }))
    const engine = makeEngine({ ...deps, kinds })
    await (await engine.rescue(1, { selections: [{ table: 'entry', where: 'id > 1500' }], dryRun: false })).result
    assert.equal(entries(), 1500)
    await rejectsWith('CHECKSUM_MISMATCH', engine.diff(1, { with: 'live' }).then(({ result }) => result))
  })
}
