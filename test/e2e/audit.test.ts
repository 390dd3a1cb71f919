import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuditEntryView } from '../../src/present/audit.ts'
import { startService } from '../support/processes/service.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tokenFor } from '../support/http/token.ts'

test('who did what is known after a restart, also how often somebody knocked in vain', async t => {
  const home = tempDir(t)
  const first = await startService(t, home, {}, tokenFor('admin'))
  await first.call('POST', '/api/backups')
  for (let i = 0; i < 4; i++) {
    await first.call('PUT', '/api/backups/config', { maxBackups: 1 }, { authorization: 'Bearer wrong' })
  }
  await first.kill('SIGTERM')

  const second = await startService(t, home, {}, tokenFor('admin'))
  const { body } = await second.call('GET', '/api/audit')
  assert.deepEqual(
    body.entries.map(
      ({ actor, action, target, outcome, code, times }: AuditEntryView) => [actor, action, target, outcome, code, times]
    ),
    [
      [null, 'config change', null, 'refused', 'UNAUTHORIZED', 3],
      [null, 'config change', null, 'refused', 'UNAUTHORIZED', 1],
      ['tests', 'backup create', 'source holdfast', 'done', null, 1]
    ]
  )
})
