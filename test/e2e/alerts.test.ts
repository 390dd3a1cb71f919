import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { AlertView } from '../../src/present/alert.ts'
import { makeMoney } from '../support/databases/money.ts'
import { startService, until } from '../support/processes/service.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tokenFor } from '../support/http/token.ts'

test('a backup that fails raises an alert wherever alerts are shown, a restart does not raise it again, and the next success clears it', async t => {
  const home = tempDir(t)
  const path = join(home, 'shop.db')
  makeMoney(path, { entries: 10 })
  // How full the disk of this machine is must not matter.
  const environment = { DATABASE_PATH: './shop.db', ALERT_DISK_FREE_PERCENT: '0', AUTO_BACKUP_ENABLED: 'false' }
  const token = tokenFor('admin')
  const service = await startService(t, home, environment, token)
  assert.equal((await service.call('POST', '/api/backups')).status, 201)
  assert.deepEqual((await service.call('GET', '/api/alerts')).body, { success: true, alerts: [], nextCursor: null })
  assert.equal((await service.call('GET', '/health')).body.status, 'ok')
  const events = await listen(service.url, token)

  renameSync(path, `${path}.gone`)
  writeFileSync(path, 'not a database')
  assert.equal((await service.call('POST', '/api/backups')).status, 422)
  const { alert } = await events.next('alert.raised')
  assert.deepEqual([alert.rule, alert.source, alert.severity, alert.clearedAt], [
    'backup_failed',
    'shop',
    'critical',
    null
  ])
  assert.match(alert.message, /SOURCE_NOT_A_DATABASE/)
  assert.deepEqual((await service.call('GET', '/api/alerts')).body.alerts, [alert])
  const health = (await service.call('GET', '/health')).body
  assert.deepEqual([health.status, health.alerts], ['degraded', { critical: 1, warning: 0, rules: ['backup_failed'] }])
  assert.doesNotMatch(JSON.stringify(health), /shop/)
  const metrics = (await service.call('GET', '/metrics')).body as string
  assert.match(metrics, /^holdfast_alert_active\{rule="backup_failed",source="shop",severity="critical"\} 1$/m)
  assert.match(metrics, /^holdfast_alerts_raised_total\{rule="backup_failed"\} 1$/m)
  assert.equal(count(service.log(), /alert: the last backup/g), 1)
  assert.equal(await service.kill('SIGTERM'), 0)

  const again = await startService(t, home, environment, token)
  assert.deepEqual((await again.call('GET', '/api/alerts')).body.alerts, [alert])
  const after = await listen(again.url, token)
  renameSync(`${path}.gone`, path)
  assert.equal((await again.call('POST', '/api/backups')).status, 201)
  const cleared = await after.next('alert.cleared')
  assert.equal(after.text().includes('alert.raised'), false)
  assert.equal(cleared.alert.id, alert.id)
  assert.deepEqual((await again.call('GET', '/api/alerts')).body.alerts, [])
  assert.deepEqual((await again.call('GET', '/api/alerts?cleared=true')).body.alerts, [cleared.alert])
  assert.equal((await again.call('GET', '/health')).body.status, 'ok')
  await until(async () => again.log(), log => log.includes('alert cleared'))
  assert.equal(count(again.log(), /alert: /g), 0)
})

interface Heard {
  readonly alert: AlertView
}

async function listen (
  url: string,
  token: string
): Promise<{ text: () => string, next: (name: string) => Promise<Heard> }> {
  const [stream] = await once(
    get(`${url}/api/events`, { headers: { authorization: `Bearer ${token}` } }),
    'response'
  ) as [IncomingMessage]
  stream.on('error', () => {
    // the service ends, and the stream with it
  })
  let text = ''
  stream.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  await heard(() => /: connected/.exec(text))
  return {
    text: () => text,
    async next (name) {
      const [, data = ''] = await heard(() => new RegExp(`^event: ${name}\\ndata: (.*)\\n\\n`, 'm').exec(text))
      return JSON.parse(data) as Heard
    }
  }

  async function heard (find: () => RegExpExecArray | null): Promise<RegExpExecArray> {
    for (let found = find();; found = find()) {
      if (found !== null) return found
      await once(stream, 'data')
    }
  }
}

function count (text: string, what: RegExp): number {
  return [...text.matchAll(what)].length
}
