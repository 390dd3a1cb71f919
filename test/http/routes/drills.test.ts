import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { presentDrill } from '../../../src/present/drill.ts'
import { STARTED } from '../../support/builders/backup.ts'
import { aDrill, aRestore } from '../../support/builders/restore.ts'
import { FakeEngine } from '../../support/engine/fake-engine.ts'
import { as, build } from '../../support/http/server.ts'

const headers = as('viewer')
const EVIL = '<script>alert(1)</script> & "x" \'y\''

test('a drill answers what it came to, and is recorded as the deed of its caller', async t => {
  const { app, engine, audit } = await build(t)
  const answer = await app.inject({ method: 'POST', url: '/api/backups/2/drill', headers: as('operator', 'olga') })
  assert.equal(answer.statusCode, 200)
  const drill = presentDrill(aDrill({ backupId: 2, actor: 'olga' }))
  assert.deepEqual(answer.json(), {
    success: true,
    message: 'Backup 2 of "workstation" was restored and verified in 0.9 s',
    drill
  })
  assert.ok(engine.calls.includes('drill {"id":2,"actor":"olga"}'))
  assert.deepEqual(audit.entries.map(({ action, outcome }) => [action, outcome]), [['drill', 'done']])
})

test('a drill that found damage, or could not be made, is an answer and no error', async t => {
  class Failing extends FakeEngine {
    override async drill () {
      const result = Promise.resolve(
        aDrill({
          status: 'inconclusive',
          report: null,
          restoreTime: null,
          errorCode: 'DISK_FULL',
          errorMessage: 'no room'
        })
      )
      return { job: (await super.drill({ id: 1, actor: null })).job, result }
    }
  }
  const { app } = await build(t, { engine: new Failing(1) })
  const answer = await app.inject({ method: 'POST', url: '/api/backups/1/drill', headers: as('operator') })
  assert.deepEqual([answer.statusCode, answer.json().success, answer.json().message, answer.json().drill.status], [
    200,
    true,
    'The drill is inconclusive: no room',
    'inconclusive'
  ])
})

test('who only reads may not drill, and what there is not cannot be drilled', async t => {
  const { app, engine } = await build(t)
  assert.equal((await app.inject({ method: 'POST', url: '/api/backups/1/drill', headers })).statusCode, 403)
  assert.equal(
    (await app.inject({ method: 'POST', url: '/api/backups/9/drill', headers: as('operator') })).json().code,
    'BACKUP_NOT_FOUND'
  )
  engine.refusal = new BackupError('BACKUP_BUSY', 'another operation holds it')
  assert.equal(
    (await app.inject({ method: 'POST', url: '/api/backups/1/drill', headers: as('operator') })).statusCode,
    409
  )
})

test('a drill can be had with all that it found, a restore without', async t => {
  const { app, engine } = await build(t)
  engine.restoreLog.push(aDrill(), aRestore({ id: 2 }))
  const drill = (await app.inject({ url: '/api/restores/1', headers })).json()
  assert.deepEqual(drill, { success: true, restore: presentDrill(aDrill()) })
  assert.equal((await app.inject({ url: '/api/restores/2', headers })).json().restore.report, null)
  const missing = await app.inject({ url: '/api/restores/9', headers })
  assert.deepEqual([missing.statusCode, missing.json().code], [404, 'RESTORE_NOT_FOUND'])
})

test('the evidence counts what became of drills, and tells how long a restore takes', async t => {
  const { app, engine } = await build(t)
  engine.restoreLog.push(
    aDrill({ id: 1 }),
    aDrill({ id: 2, restoreTime: 3000, startedAt: new Date(STARTED.getTime() + 7_200_000) }),
    aDrill({ id: 3, source: 'gone', status: 'failed', restoreTime: null, report: null }),
    aRestore({ id: 4 })
  )
  const { success, report } = (await app.inject({ url: '/api/drills/report', headers })).json()
  assert.deepEqual([success, report.total], [true, { drills: 3, passed: 2, failed: 1, inconclusive: 0, running: 0 }])
  const [workstation, gone] = report.sources
  assert.deepEqual([
    workstation.source,
    workstation.backups,
    workstation.usualRestoreSeconds,
    workstation.slowestRestoreSeconds,
    workstation.oldest
  ], ['workstation', 1, 0.9, 3, STARTED.toISOString()])
  assert.deepEqual([workstation.now.source, gone.source, gone.now, gone.slowestRestoreSeconds], [
    'workstation',
    'gone',
    null,
    null
  ])
  assert.deepEqual(report.drills.map((drill: { backupAgeSeconds: number }) => drill.backupAgeSeconds), [0, 7200, null])
})

for (
  const [what, url, accept] of [['by its format', '/api/drills/report?format=html', '*/*'], [
    'by what is accepted',
    '/api/drills/report',
    'text/html,application/xhtml+xml;q=0.9'
  ]] as const
) {
  test(`asked for ${what}, the evidence is a page that lets in nothing but its own style`, async t => {
    const { app, engine } = await build(t)
    engine.restoreLog.push(aDrill())
    const { headers: answered, body } = await app.inject({ url, headers: { ...headers, accept } })
    assert.equal(answered['content-type'], 'text/html; charset=utf-8')
    const [, style = ''] = /<style>([\s\S]*)<\/style>/.exec(body) ?? []
    const hash = createHash('sha256').update(style).digest('base64')
    assert.match(
      String(answered['content-security-policy']),
      new RegExp(`^default-src 'none'; style-src 'sha256-${hash.replaceAll(/[+/]/g, '\\$&')}';`)
    )
    assert.doesNotMatch(body, /<script| style=| on\w+=|https?:\/\//)
    for (
      const told of [
        'Evidence of restore drills',
        'workstation-backup-2025-11-24T23-30-00.db',
        'a'.repeat(64),
        'there are orders',
        'found 7, expected at least 1',
        'by the admin',
        'integrity_check',
        '1048576 bytes',
        'Signature'
      ]
    ) assert.ok(body.includes(told), told)
  })
}

test('JSON can be asked for by whoever would get a page', async t => {
  const { app } = await build(t)
  const answer = await app.inject({
    url: '/api/drills/report?format=json',
    headers: { ...headers, accept: 'text/html' }
  })
  assert.match(String(answered(answer)), /^application\/json/)
})

test('nothing that somebody wrote is anything but text on the page', async t => {
  const { app, engine } = await build(t)
  const { report } = aDrill()
  engine.restoreLog.push(aDrill({
    source: EVIL,
    actor: EVIL,
    status: 'failed',
    errorCode: 'ASSERTION_FAILED',
    errorMessage: EVIL,
    report: {
      ...report!,
      backup: { ...report!.backup, fileName: EVIL, checksum: EVIL },
      chosen: EVIL,
      checks: [{ name: 'checksum', status: 'fail', reason: EVIL }],
      assertions: [{ name: EVIL, status: 'inconclusive', found: EVIL, bound: EVIL, reason: EVIL }]
    }
  }))
  const { body } = await app.inject({ url: '/api/drills/report?format=html', headers })
  assert.doesNotMatch(body, /<script|alert\(1\)<|"x"|'y'/)
  assert.equal(body.split('&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;x&quot; &#39;y&#39;').length - 1, 12)
})

test('the evidence is not for everybody, and what cannot be asked is refused', async t => {
  const { app } = await build(t)
  assert.equal((await app.inject({ url: '/api/drills/report' })).statusCode, 401)
  for (const query of ['format=pdf', 'since=yesterday', 'source=../x', 'limit=5']) {
    assert.equal((await app.inject({ url: `/api/drills/report?${query}`, headers })).statusCode, 400, query)
  }
})

function answered ({ headers: given }: { readonly headers: Readonly<Record<string, unknown>> }): unknown {
  return given['content-type']
}
