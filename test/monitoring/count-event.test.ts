import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failed } from '../support/catalog/catalog.ts'
import { observe } from '../support/monitoring/observation.ts'

test('a cancelled backup is counted as that, and as no failure and no error', async t => {
  const { catalog, emit, metrics, value } = await observe(t)
  const backup = await failed(catalog)
  emit({ type: 'backup.failed', backup, code: 'CANCELLED' })
  emit({ type: 'operation.failed', operation: 'create', source: 'shop', method: 'full', code: 'CANCELLED' })
  const runs = (status: string): Promise<number | undefined> =>
    value(`backup_runs_total{backup_type="full",status="${status}",source="shop"}`)
  assert.deepEqual([await runs('cancelled'), await runs('failure')], [1, 0])
  assert.doesNotMatch(await metrics.text(), /^backup_errors_total\{/m)
})
