import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { completeChecks, conclude } from '../../../src/core/ports/verification.ts'
import { aBackup } from '../../support/builders/backup.ts'
import { VALID } from '../../support/builders/verification.ts'
import { FakeEngine } from '../../support/engine/fake-engine.ts'
import { as, build } from '../../support/http/server.ts'
import { SQLITE_CHECKS } from '../../../src/sources/sqlite/checks.ts'

const headers = as('operator')
const INVALID = conclude(
  completeChecks([{ name: 'checksum', status: 'fail', reason: 'it differs' }], SQLITE_CHECKS, 'not tried here'),
  SQLITE_CHECKS
)

test('a verification answers what it found, check by check', async t => {
  const { app, engine } = await build(t)
  const answer = await app.inject({ method: 'POST', url: '/api/backups/2/verify', headers })
  assert.equal(answer.statusCode, 200)
  assert.deepEqual(answer.json(), {
    success: true,
    backupId: 2,
    valid: true,
    message: 'Backup is valid',
    checks: VALID.checks,
    signature: null
  })
  assert.deepEqual(engine.calls, ['verify 2'])
})

test('damage is an answer and no error', async t => {
  class Damaged extends FakeEngine {
    override async verify (id: number) {
      const { job, result } = await super.verify(id)
      return { job, result: result.then(({ backup }) => ({ backup, verification: INVALID })) }
    }
  }
  const { app } = await build(t, { engine: new Damaged(1) })
  const answer = await app.inject({ method: 'POST', url: '/api/backups/1/verify', headers })
  assert.deepEqual([answer.statusCode, answer.json().success, answer.json().valid], [200, true, false])
  assert.match(answer.json().message, /checksum.*it differs/)
})

test('a verification of all tells each outcome and the sums', async t => {
  const { app } = await build(t)
  const body = (await app.inject({ method: 'POST', url: '/api/backups/verify', headers })).json()
  assert.deepEqual([body.success, body.verified, body.valid, body.invalid], [true, 3, 3, 0])
  assert.deepEqual(body.results.map((result: { backupId: number }) => result.backupId), [1, 2, 3])
})

for (
  const [results, failures, message] of [
    [[VALID, VALID], 0, 'All 2 backups are valid'],
    [[VALID, INVALID], 0, '1 of 2 backups are not valid'],
    [[VALID], 1, 'All 1 backups are valid; 1 more could not be verified'],
    [[], 0, 'Nothing to verify: no completed backup of this installation matches']
  ] as const
) {
  test(`a verification of all says "${message}"`, async t => {
    class Judged extends FakeEngine {
      override async verifyAll (request: object) {
        const { job } = await super.verifyAll(request)
        return {
          job,
          result: Promise.resolve({
            results: results.map((verification, index) => ({ backup: aBackup({ id: index + 1 }), verification })),
            failures: Array.from(
              { length: failures },
              () => ({ backupId: 9, error: new BackupError('STORE_UNAVAILABLE', 'the store does not answer') })
            )
          })
        }
      }
    }
    const { app } = await build(t, { engine: new Judged(1) })
    const answer = await app.inject({ method: 'POST', url: '/api/backups/verify', headers })
    const invalid = results.filter(({ valid }) => !valid).length
    assert.equal(answer.statusCode, 200)
    assert.deepEqual([answer.json().message, answer.json().verified, answer.json().valid, answer.json().invalid], [
      message,
      results.length,
      results.length - invalid,
      invalid
    ])
    assert.deepEqual(
      answer.json().failures,
      Array.from(
        { length: failures },
        () => ({ backupId: 9, code: 'STORE_UNAVAILABLE', message: 'the store does not answer' })
      )
    )
  })
}

test('a verification of all reaches the engine with its source and its time, and refuses what is none', async t => {
  const { app, engine } = await build(t)
  const verify = async (payload: object): Promise<number> =>
    (await app.inject({ method: 'POST', url: '/api/backups/verify', headers, payload })).statusCode
  assert.equal(await verify({ source: 'workstation', since: '2025-11-24T00:00:00+01:00' }), 200)
  assert.deepEqual(engine.calls, ['verifyAll {"source":"workstation","since":"2025-11-23T23:00:00.000Z"}'])
  for (const payload of [{ source: '../x' }, { since: 'yesterday' }, { id: 1 }]) {
    assert.equal(await verify(payload), 400, JSON.stringify(payload))
  }
  assert.equal(engine.calls.length, 1)
})

test('a viewer verifies nothing, and a backup that there is not or that is held is an error of its own', async t => {
  const { app, engine } = await build(t)
  const verify = async (id: number, caller = headers): Promise<unknown[]> => {
    const answer = await app.inject({ method: 'POST', url: `/api/backups/${id}/verify`, headers: caller })
    return [answer.statusCode, answer.json().code]
  }
  assert.deepEqual(await verify(1, as('viewer')), [403, 'FORBIDDEN'])
  assert.equal(
    (await app.inject({ method: 'POST', url: '/api/backups/verify', headers: as('viewer') })).statusCode,
    403
  )
  assert.deepEqual(engine.calls, [])
  assert.deepEqual(await verify(9), [404, 'BACKUP_NOT_FOUND'])
  engine.refusal = new BackupError('BACKUP_BUSY', 'another operation holds it')
  assert.deepEqual(await verify(1), [409, 'BACKUP_BUSY'])
})
