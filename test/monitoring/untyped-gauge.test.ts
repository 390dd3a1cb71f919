import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { UntypedGauge } from '../../src/monitoring/untyped-gauge.ts'

test('the type of an untyped gauge is "untyped", and its values are those of a gauge', async () => {
  const registry = new Registry()
  const gauge = new UntypedGauge({
    name: 'backup_total_count',
    help: 'How many.',
    labelNames: ['source'],
    registers: [registry]
  })
  gauge.set({ source: 'shop' }, 3)
  assert.equal(
    await registry.metrics(),
    '# HELP backup_total_count How many.\n# TYPE backup_total_count untyped\nbackup_total_count{source="shop"} 3\n'
  )
})
