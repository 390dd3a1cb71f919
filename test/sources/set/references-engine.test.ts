import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import type { Backup } from '../../../src/core/backup/backup.ts'
import type { Check } from '../../../src/core/ports/verification.ts'
import { setScene } from '../../support/engine/set-engine.ts'
import { rejectsWith } from '../../support/rejects.ts'

function setOf (sql: string): string {
  return `\
sets:
  elspeth:
    members: [payloads, audit]
    references: { sql: ${sql}, directory: payloads }
`
}

function references ({ verification: { checks } }: Pick<Backup, 'verification'>): Check | undefined {
  return checks.find(({ name }) => name === 'references')
}

test('a set whose rows name a missing file is kept as suspect, and its drill fails', async t => {
  const { create, engine, addPayload, app } = await setScene(t, setOf('SELECT payload FROM call'))
  addPayload('one.json')
  rmSync(addPayload('two.json'))
  const reason = '1 of 2 rows of "audit" name files that are not in "payloads": "two.json"'
  const suspect = await create({ compression: 'zstd' })
  assert.deepEqual(suspect.suspicion?.reasons, [reason])
  assert.deepEqual(references(suspect), {
    name: 'references',
    status: 'pass',
    reason,
    violations: 1,
    consistency: 'inconsistent'
  })
  assert.deepEqual([suspect.status, suspect.verification.status], ['completed', 'valid'])
  const [job] = (await engine.jobs({ limit: 1 })).jobs
  const log = await engine.jobOutput(job!.id)
  assert.deepEqual(log.map(({ text }) => text), [1, 2].map(number => `snapshot ${number} of at most 3: ${reason}`))
  const drill = await (await engine.drill({ id: suspect.id, actor: null })).result
  assert.deepEqual([drill.status, drill.errorCode], ['failed', 'BACKUP_INCONSISTENT'])

  writeFileSync(join(app, 'payloads', 'two.json'), 'it is back')
  const good = await create({ compression: 'zstd' })
  assert.deepEqual([good.suspicion, references(good)?.reason], [
    null,
    '2 rows of "audit" with files that are in "payloads"'
  ])
  const passed = await (await engine.drill({ id: good.id, actor: null })).result
  assert.deepEqual([passed.status, passed.errorMessage], ['passed', null])
})

test('a query that fails makes the set suspect at once, and its drill inconclusive', async t => {
  const { create, engine, addPayload } = await setScene(t, setOf('SELECT payload FROM calls'))
  addPayload('one.json')
  const backup = await create()
  assert.match(
    backup.suspicion?.reasons[0] ?? '',
    /^the query on "audit" could not be evaluated: .* no such table: calls$/
  )
  const [job] = (await engine.jobs({ limit: 1 })).jobs
  assert.deepEqual(await engine.jobOutput(job!.id), [])
  const drill = await (await engine.drill({ id: backup.id, actor: null })).result
  assert.deepEqual([drill.status, drill.errorCode], ['inconclusive', 'QUERY_FAILED'])
})

test('the references of a set with a damaged member are not checked', async t => {
  const { create, engine, addPayload, app } = await setScene(t, setOf('SELECT payload FROM call'))
  rmSync(addPayload('one.json'))
  const db = new Database(join(app, 'audit.db'))
  db.exec('CREATE INDEX damaged ON call (payload)')
  db.unsafeMode(true)
  db.pragma('writable_schema = on')
  db.exec("UPDATE sqlite_schema SET sql = 'CREATE INDEX damaged ON call (id)' WHERE name = 'damaged'")
  db.close()
  await rejectsWith('VERIFICATION_FAILED', create())
  const failed = await engine.backup(1)
  assert.deepEqual(references(failed), {
    name: 'references',
    status: 'skipped',
    reason: 'not reached, because audit/integrity_check failed'
  })
})
