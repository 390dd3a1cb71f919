import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { policyOf } from '../../src/core/schedule/policy.ts'
import { validConfig, workDir } from '../support/config/config.ts'

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8')
const EXAMPLES = [...PAGE.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) => text).filter(text =>
  /^(?:retention|maxBackups):/m.test(text)
)

const kept = { years: 0, months: 0, days: 0, hours: 0 }

test('the rules that docs/operations.md gives as examples are what the guides ask for', t => {
  const policies = EXAMPLES.map(text => {
    const { settings, sources } = validConfig(
      {},
      workDir(t, { 'holdfast.yaml': `${text}sources:\n  - { name: shop, path: shop.db }\n` })
    )
    const { maxBackups, retention } = policyOf(settings, sources[0]!.policy)
    return retention ?? maxBackups
  })
  assert.deepEqual(policies, [
    10,
    { within: { ...kept, days: 30 }, minBackups: 3 },
    { daily: 7, weekly: 4, monthly: 12, minBackups: 3 },
    {
      daily: { ...kept, days: 30 },
      weekly: { ...kept, days: 90 },
      monthly: { ...kept, years: 1 },
      yearly: { ...kept, years: 7 },
      minBackups: 3
    }
  ])
})
