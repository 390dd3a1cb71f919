import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { settleRestores } from '../../../../src/engine/restore/settle-restores.ts'
import { EACH, killing, MEMBERS } from '../../../support/engine/set-killing.ts'
import { all, statesOf } from '../../../support/engine/set-stage.ts'

/** What an application writes into a database after it was started again. */
function write (path: string): void {
  const db = new Database(path)
  db.exec('CREATE TABLE late (x); INSERT INTO late VALUES (1)')
  db.close()
}

test('whether the last database was restored is found out, although an application has written to it since', async t => {
  const { app, deps, killAt } = await killing(t)
  const placing = EACH * (MEMBERS - 1) + 2
  for (
    const [border, state, message] of [
      [placing, 'after', /every member has its previous content$/],
      [placing + 1, 'before', /after the backup was restored$/]
    ] as const
  ) {
    killAt(border)
    write(join(app, 'jobs.db'))
    const [restore] = await settleRestores(deps)
    assert.match(restore?.errorMessage ?? '', message)
    assert.deepEqual(statesOf(app), all(state))
    const db = new Database(join(app, 'jobs.db'))
    assert.equal(db.prepare('SELECT count(*) FROM late').pluck().get(), 1)
    db.exec('DROP TABLE late')
    db.close()
  }
})
