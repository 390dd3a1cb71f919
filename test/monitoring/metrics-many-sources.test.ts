import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed, END, VALID } from '../support/catalog/catalog.ts'
import { ALERT, observe } from '../support/monitoring/observation.ts'

test('sources beyond the limit are added up under an empty label, and their number is told', async t => {
  const { catalog, metrics, emit, told } = await observe(t, ['shop', 'books', 'tools'], undefined, 1)
  for (const source of ['shop', 'books', 'tools']) {
    const backup = await completed(catalog, { source, key: source }, { verification: VALID })
    emit({ type: 'backup.started', backup })
    emit({ type: 'backup.completed', backup, durationMs: 5000 })
    emit({ type: 'verification.finished', backup, verification: VALID, durationMs: 1500 })
  }
  Object.assign(told, { alerts: [ALERT, { ...ALERT, source: 'tools' }], freshSince: END })
  const text = await metrics.text()
  const lines = text.split('\n')
  for (
    const series of [
      'backup_success_total{source="shop"} 1',
      'backup_success_total{source=""} 2',
      'backup_runs_total{backup_type="full",status="success",source=""} 2',
      'holdfast_alert_active{rule="backup_failed",source="shop",severity="critical"} 1',
      'holdfast_alert_active{rule="backup_failed",source="",severity="critical"} 1',
      'holdfast_sources_without_series 2'
    ]
  ) assert.ok(lines.includes(series), series)
  assert.deepEqual(lines.filter(line => /books|tools/.test(line)), [])
  assert.deepEqual(
    lines.filter(line => line.includes('source=""') && !/^(?:backup_\w+_total|holdfast_alert_active)\{/.test(line)),
    []
  )
})

test('of very many sources only alerts that are open have series', async t => {
  const sources = Array.from({ length: 201 }, (_, n) => `s${n}`)
  const { metrics, told } = await observe(t, sources)
  Object.assign(told, { alerts: [{ ...ALERT, source: 's7' }] })
  const lines = (await metrics.text()).split('\n').filter(line =>
    line.startsWith('holdfast_alert_active{') && !line.includes('source=""')
  )
  assert.deepEqual(lines, ['holdfast_alert_active{rule="backup_failed",source="s7",severity="critical"} 1'])
})
