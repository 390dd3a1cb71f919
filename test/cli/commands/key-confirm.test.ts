import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OUTPUTS } from '../../../src/cli/schemas.ts'
import { commandLine } from '../../support/cli/command-line.ts'
import { ageKey, keyring } from '../../support/pipeline/keys.ts'

const key = await ageKey()
const sealing = await keyring({ sealing: { encryption: 'age', ageRecipients: [key.recipient] } })

test('key confirm records when and by whom, and key list shows it', async t => {
  const line = await commandLine(t, { keyring: sealing })
  const confirmed = await line.json('key', 'confirm', key.recipient)
  assert.deepEqual(OUTPUTS['key confirm'].parse(confirmed), confirmed)
  assert.deepEqual([confirmed.key.confirmedAt, confirmed.key.confirmedBy], [line.clock.now().toISOString(), 'ann'])
  assert.match((await line.holdfast('key', 'list')).out, /2025-11-\d\d/)
  assert.match((await line.holdfast('key', 'confirm', key.recipient)).out, new RegExp(`^✓ .*${key.recipient}`))
  const { entries } = await line.deps.catalog.audit.list({ limit: 5 })
  assert.deepEqual([entries[0]?.action, entries[0]?.target], ['key confirm', `key ${key.recipient}`])
})

test('a key that nobody knows is not confirmed', async t => {
  const { holdfast } = await commandLine(t)
  const { code, err } = await holdfast('key', 'confirm', 'age1nobody')
  assert.equal(code, 4)
  assert.match(err, /there is no key "age1nobody"/)
})
