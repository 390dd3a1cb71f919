import assert from 'node:assert/strict'
import { test } from 'node:test'
import { validConfig, workDir } from '../support/config/config.ts'

test('"m" for months is read, and gives a notice with the new spelling wherever it stands', t => {
  const yaml = `retention: { within: 6m }
sources:
  - { name: shop, path: shop.db, retention: { monthly: 1y6mo, weekly: 2m3d } }
stores:
  disk: { kind: local, path: ./copies, retention: { within: 3m } }
`
  const { notices, sources } = validConfig({}, workDir(t, { 'holdfast.yaml': yaml }))
  assert.deepEqual(notices.map(({ name, remedy }) => [name, remedy]), [
    ['retention.within', 'Write "6mo".'],
    ['stores.disk.retention.within', 'Write "3mo".'],
    ['sources[0].retention.weekly', 'Write "2mo3d".']
  ])
  assert.deepEqual(sources.find(({ name }) => name === 'shop')?.policy.retention, {
    monthly: { years: 1, months: 6, days: 0, hours: 0 },
    weekly: { years: 0, months: 2, days: 3, hours: 0 },
    minBackups: 3
  })
})

test('times without months give no notice, nor does what is no time', t => {
  const yaml = 'retention: { within: 90d, yearly: 7y, hourly: 24h }\nsources:\n  - { name: shop, path: shop.db }\n'
  assert.deepEqual(validConfig({}, workDir(t, { 'holdfast.yaml': yaml })).notices, [])
})
