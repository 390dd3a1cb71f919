import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { CONSTRAINT_VIOLATIONS, NOT_COUNTED } from '../../../src/core/ports/source.ts'
import { BROKEN, makeOdd } from '../../support/databases/odd.ts'
import { openShop } from '../../support/engine/open-shop.ts'
import { tempDir } from '../../support/temp-dir.ts'

for (const verify of [true, false]) {
  test(`a database with broken constraints is backed up ${verify ? 'with' : 'without'} a proof, verified later, and restored live over itself`, async t => {
    const home = tempDir(t)
    const live = join(home, 'shop.db')
    makeOdd(live, BROKEN['NULL in a NOT NULL column']!)
    const { engine, deps } = await openShop(t, home)
    const made = await (await engine.create({ type: 'manual', compression: 'none', verify })).result
    assert.equal(
      (await deps.catalog.backups.manifest(made.id))?.facts.properties[CONSTRAINT_VIOLATIONS],
      verify ? 1 : NOT_COUNTED
    )
    const { verification } = await (await engine.verify(made.id)).result
    assert.equal(verification.valid, true)
    assert.match(verification.checks.find(({ violations }) => violations === 1)?.reason ?? '', /NULL value in t\.n/)

    const db = new Database(live)
    db.exec("UPDATE note SET t = 'after'")
    db.close()
    const done = await (await engine.restore(made.id, {})).result
    assert.equal(done.status, 'completed')
    const safety = await engine.backup(done.safetyBackupId ?? 0)
    assert.equal(safety.verification.status, 'valid')
    const after = new Database(live, { readonly: true })
    assert.equal(after.prepare('SELECT t FROM note').pluck().get(), 'before')
    after.close()
    const undone = await (await engine.restore(safety.id, { mode: 'replace' })).result
    assert.equal(undone.status, 'completed')
  })
}
