import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import type { KindOutline } from '../../../src/core/ports/source-kind.ts'
import { aRestore } from '../../support/builders/restore.ts'
import { as, build, type Json } from '../../support/http/server.ts'

const headers = as('admin')
const url = '/api/backups/1/restore'

test('a restore answers with what was done and how to undo it, and is audited', async t => {
  const { app, engine, audit } = await build(t)
  const answer = await app.inject({
    method: 'POST',
    url,
    headers,
    payload: { confirm: true, mode: 'live', timeoutMs: 500 }
  })
  assert.equal(answer.statusCode, 200)
  const { success, message, restore, undo } = answer.json()
  assert.deepEqual([success, message, restore.status, restore.durationMs, restore.restoreTimeMs], [
    true,
    'Backup 1 restored to "/data/workstation.db"',
    'completed',
    3000,
    900
  ])
  assert.deepEqual(undo, {
    backupId: 2,
    call: 'POST /api/backups/2/restore',
    command: 'holdfast restore 2',
    members: []
  })
  assert.deepEqual(engine.calls, [
    'backup 1',
    'restore 1 {"isConfined":true,"mode":"live","timeout":500,"actor":"the admin"}'
  ])
  assert.deepEqual(audit.entries.map(({ action, target, outcome }) => [action, target, outcome]), [[
    'restore',
    'backup 1',
    'done'
  ]])
})

test('a dry run needs no "confirm", answers with what would change, and restores nothing', async t => {
  const { app, engine } = await build(t)
  const answer = await app.inject({ method: 'POST', url, headers, payload: { dryRun: true, mode: 'live' } })
  assert.equal(answer.statusCode, 200)
  const { success, message, dryRun, restore } = answer.json()
  assert.deepEqual([success, message, restore], [
    true,
    'Nothing was changed: "dryRun" shows what a restore of backup 1 would change',
    undefined
  ])
  assert.deepEqual(dryRun.tables[0], {
    table: 'orders',
    presence: 'both',
    inserted: 3,
    deleted: 1,
    changed: 2,
    same: 40
  })
  assert.deepEqual([dryRun.holders, dryRun.estimatedSeconds], [[{ pid: 4711, command: 'node app.js' }], 2.4])
  assert.deepEqual(engine.calls, ['restoreDryRun 1 {"isConfined":true,"mode":"live"}'])
})

test('a restore without a body is refused, with a body that would do', async t => {
  const { app, engine } = await build(t)
  const answer = await app.inject({ method: 'POST', url, headers })
  assert.equal(answer.statusCode, 400)
  const { code, detail, hint, errors } = answer.json()
  assert.deepEqual([code, detail, hint, errors], [
    'VALIDATION_FAILED',
    'the body is missing',
    'Send a JSON object, for example {"confirm":true}, with "Content-Type: application/json".',
    [{ path: '', message: 'expected a JSON object' }]
  ])
  const unconfirmed = (await app.inject({ method: 'POST', url, headers, payload: {} })).json()
  assert.deepEqual([unconfirmed.hint, unconfirmed.errors], [undefined, [{
    path: 'confirm',
    message: 'must be true, because the restore replaces the current content'
  }]])
  assert.deepEqual(engine.calls, [])
})

test('a restore to another path has nothing to undo', async t => {
  const { app } = await build(t)
  const answer = await app.inject({
    method: 'POST',
    url,
    headers,
    payload: { confirm: true, target: '/elsewhere/copy.db' }
  })
  assert.deepEqual([answer.json().undo, answer.json().restore.mode], [null, 'file'])
})

for (
  const [payload, field] of [
    [{}, 'confirm'],
    [{ confirm: false }, 'confirm'],
    [{ dryRun: false }, 'confirm'],
    [{ confirm: 'true' }, 'confirm'],
    [{ confirm: true, target: '' }, 'target'],
    [{ confirm: true, owners: 'none' }, 'owners'],
    [{ confirm: true, target: '/x\0y' }, 'target'],
    [{ confirm: true, mode: 'file' }, 'mode'],
    [{ confirm: true, timeoutMs: -1 }, 'timeoutMs'],
    [{ confirm: true, verfy: false }, 'verfy']
  ] as const
) {
  test(`${JSON.stringify(payload)} is refused with a word about "${field}", and nothing is restored`, async t => {
    const { app, engine } = await build(t)
    const answer = await app.inject({ method: 'POST', url, headers, payload })
    assert.deepEqual([answer.statusCode, answer.json().code, engine.calls], [400, 'VALIDATION_FAILED', []])
    assert.match(answer.body, new RegExp(field))
  })
}

test('the modes are those of the kinds that are known, and an error names them for each kind', async t => {
  const kinds: readonly KindOutline[] = [
    { noun: 'database', modes: [{ name: 'live', summary: 'in it', needsSource: true }] },
    { noun: 'album', modes: [{ name: 'swap', summary: 'a new one', needsSource: false }] }
  ]
  const { app, engine } = await build(t, { kinds })
  const answer = await app.inject({ method: 'POST', url, headers, payload: { confirm: true, mode: 'replace' } })
  assert.deepEqual([answer.statusCode, engine.calls], [400, []])
  assert.deepEqual(answer.json().errors, [{ path: 'mode', message: 'expected "live" (database), "swap" (album)' }])
  assert.equal(
    (await app.inject({ method: 'POST', url, headers, payload: { confirm: true, mode: 'swap' } })).statusCode,
    200
  )
  const { mode } = (await app.inject('/openapi.json')).json<Json>().paths['/api/backups/{id}/restore'].post.requestBody
    .content['application/json'].schema.properties
  assert.deepEqual(mode.enum, ['live', 'swap'])
})

test('a restore that fails tells which backup has what stood there before', async t => {
  const { app, engine } = await build(t)
  engine.refusal = new BackupError('SOURCE_LOCKED', 'held by 4711', { details: { safetyBackupId: 7 } })
  const answer = await app.inject({ method: 'POST', url, headers, payload: { confirm: true } })
  assert.deepEqual([answer.statusCode, answer.json().code, answer.json().safetyBackupId], [423, 'SOURCE_LOCKED', 7])
})

test('a caller that does not want to wait gets the job', async t => {
  const { app } = await build(t)
  const answer = await app.inject({
    method: 'POST',
    url,
    headers: { ...headers, prefer: 'respond-async' },
    payload: { confirm: true }
  })
  assert.deepEqual([answer.statusCode, answer.json().job.kind], [202, 'restore'])
})

test('the list tells of restores, newest first, and of one kind where that is asked', async t => {
  const { app, engine } = await build(t)
  engine.restoreLog.push(
    aRestore(),
    aRestore({ id: 2, kind: 'drill', mode: 'scratch', status: 'passed' }),
    aRestore({ id: 3, status: 'running', finishedAt: null, aside: '/data/workstation.db.before-1' })
  )
  const ids = async (query: string): Promise<number[]> =>
    (await app.inject({ url: `/api/restores${query}`, headers })).json().restores.map(
      ({ id }: { readonly id: number }) => id
    )
  assert.deepEqual([await ids(''), await ids('?kind=drill')], [[3, 2, 1], [2]])
  const { restores: [running] } = (await app.inject({ url: '/api/restores', headers })).json()
  assert.deepEqual([running.durationMs, running.keptFile], [null, null])
})

test('an undo and the removal of what was kept need a confirmation, and answer with the restore', async t => {
  const { app, engine } = await build(t)
  engine.restoreLog.push(aRestore({ aside: '/data/tree.before-1', safetyBackupId: null }))
  for (
    const [verb, call, field] of [['undo', 'undoRestore 1', 'undoneAt'], [
      'discard',
      'discardPrevious 1',
      'discardedAt'
    ]]
  ) {
    engine.calls.length = 0
    const post = async (payload: object, id = 1) =>
      await app.inject({ method: 'POST', url: `/api/restores/${id}/${verb}`, headers, payload })
    assert.deepEqual([(await post({})).statusCode, engine.calls], [400, []])
    const answer = await post({ confirm: true })
    assert.deepEqual([answer.statusCode, engine.calls], [200, [call]], answer.body)
    assert.notEqual(answer.json().restore[field!], null)
    assert.deepEqual((await post({ confirm: true }, 9)).json().code, 'RESTORE_NOT_FOUND')
  }
})
