import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startService, until } from '../support/processes/service.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tokenFor } from '../support/http/token.ts'

const YAML =
  'schedule: { dailyTime: "02:00" }\nsources:\n  - { name: shop, path: shop.db }\n  - { name: archive, path: archive.db, enabled: false }\n  - { name: often, path: often.db, interval: 60000 }\n'

test('a schedule that nothing lets run is told at the start, with what to do', async t => {
  const home = tempDir(t)
  writeFileSync(join(home, 'holdfast.yaml'), YAML)
  const service = await startService(t, home, {}, tokenFor('admin'))
  const log = await until(async () => {
    await service.call('GET', '/health/live')
    return service.log()
  }, text => text.includes('a schedule is set'))
  assert.match(log, /"sources":\["shop","holdfast"\][^\n]*but automatic backups are off; set AUTO_BACKUP_ENABLED=true/)

  await service.call('PUT', '/api/backups/config', { autoBackupEnabled: true })
  await service.kill('SIGTERM')
  const again = await startService(t, home, {}, tokenFor('admin'))
  await again.kill('SIGTERM')
  assert.doesNotMatch(again.log(), /a schedule is set/)
})
