import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { testEngine } from '../../support/engine/engine.ts'
import { as, build, type Json } from '../../support/http/server.ts'

const headers = as('admin')

/** Nine scheduled backups, of which the rules keep three: so many go only by force. */
async function nine (t: TestContext): Promise<(payload: object) => Promise<{ statusCode: number, json(): Json }>> {
  const { engine: real, create } = await testEngine(t, {
    policies: { shop: { retention: { last: 3, minBackups: 1 } } }
  })
  for (let n = 0; n < 9; n++) await create({ type: 'scheduled', ...n === 8 ? { schedule: 'daily' } : {} })
  const { app, engine } = await build(t)
  engine.prune = request => real.prune(request)
  return payload => app.inject({ method: 'POST', url: '/api/backups/prune', headers, payload })
}

test('a dry run tells how each backup goes, by which rule, and which source needs force', async t => {
  const prune = await nine(t)
  const { message, decisions, refused, removed } = (await prune({ dryRun: true })).json()
  assert.deepEqual([message, refused, removed], [
    '6 backups would be removed',
    [{ source: 'shop', going: 6, of: 9 }],
    []
  ])
  const shown = [decisions[0], decisions[8]].map(({ backupId, backupType, schedule, keep, removal, reasons }) => ({
    backupId,
    backupType,
    schedule,
    keep,
    removal,
    reasons
  }))
  assert.deepEqual(shown, [
    {
      backupId: 9,
      backupType: 'scheduled',
      schedule: 'daily',
      keep: true,
      removal: null,
      reasons: ['number 1 of the last 3', 'newest backup', 'newest verified backup']
    },
    {
      backupId: 1,
      backupType: 'scheduled',
      schedule: null,
      keep: false,
      removal: 'trash',
      reasons: ['no rule keeps it']
    }
  ])
})

test('a removal of most of what there is answers 409 with the numbers, until it is forced', async t => {
  const prune = await nine(t)
  const answer = await prune({ dryRun: false })
  const { code, going, of, hint } = answer.json()
  assert.deepEqual([answer.statusCode, code, going, of], [409, 'PRUNE_REFUSED', 6, 9])
  assert.match(hint, /"force"/)
  assert.deepEqual((await prune({ dryRun: false, force: true })).json().removed, [1, 2, 3, 4, 5, 6])
})

test('a prune has to say whether it is meant', async t => {
  const { app, engine } = await build(t)
  assert.equal((await app.inject({ method: 'POST', url: '/api/backups/prune', headers })).statusCode, 400)
  assert.deepEqual(engine.calls, [])
  const told = (await app.inject({ method: 'POST', url: '/api/backups/prune', headers, payload: { dryRun: true } }))
    .json()
  assert.equal(told.dryRun, true)
  assert.deepEqual(
    told.decisions.map((decision: { backupId: number, keep: boolean }) => [decision.backupId, decision.keep]),
    [[1, true], [2, true], [3, true]]
  )
  assert.deepEqual(engine.calls, ['prune true'])
})
