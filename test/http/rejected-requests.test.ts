import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { NewAuditEntry } from '../../src/core/catalog/audit.ts'
import { RejectedRequests } from '../../src/http/rejected-requests.ts'

const MINUTE = 60_000

function refusal (given: Partial<NewAuditEntry> = {}): NewAuditEntry {
  return {
    at: new Date(0),
    origin: 'api',
    actor: null,
    role: null,
    address: '10.0.0.1',
    action: 'backup create',
    target: null,
    outcome: 'refused',
    code: 'UNAUTHORIZED',
    requestId: 'r',
    ...given
  }
}

/** What was written since it was last asked, as address and times. */
function begin (t: TestContext): { refusals: RejectedRequests, written: () => unknown[] } {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const entries: NewAuditEntry[] = []
  const refusals = new RejectedRequests(entry => {
    entries.push(entry)
  })
  t.after(() => {
    refusals.close()
  })
  return { refusals, written: () => entries.splice(0).map(({ address, times = 1 }) => [address, times]) }
}

test('one entry a minute stands for all that are alike, for as long as they go on', t => {
  const { refusals, written } = begin(t)
  for (let minute = 0; minute < 3; minute++) {
    for (let i = 0; i < 1000; i++) refusals.add(refusal())
    t.mock.timers.tick(MINUTE)
  }
  assert.deepEqual(written(), [['10.0.0.1', 1], ['10.0.0.1', 999], ['10.0.0.1', 1000], ['10.0.0.1', 1000]])
})

test('after a quiet minute the next one is written at once again', t => {
  const { refusals, written } = begin(t)
  refusals.add(refusal())
  t.mock.timers.tick(MINUTE)
  t.mock.timers.tick(MINUTE)
  refusals.add(refusal())
  assert.deepEqual(written(), [['10.0.0.1', 1], ['10.0.0.1', 1]])
})

test('those of another actor, action or code are told apart', t => {
  const { refusals, written } = begin(t)
  for (const given of [{}, { actor: 'ann' }, { action: 'backup remove' }, { code: 'RATE_LIMITED' } as const]) {
    refusals.add(refusal(given))
  }
  assert.equal(written().length, 4)
})

test('thousands of addresses leave a hundred entries, and one that counts the others', t => {
  const { refusals, written } = begin(t)
  for (let i = 0; i < 5000; i++) refusals.add(refusal({ address: `2001:db8::${i.toString(16)}` }))
  t.mock.timers.tick(MINUTE)
  const entries = written()
  assert.equal(entries.length, 102)
  assert.deepEqual(entries.slice(100), [[null, 1], [null, 4899]])
})

test('a close writes what was counted', t => {
  const { refusals, written } = begin(t)
  for (let i = 0; i < 3; i++) refusals.add(refusal())
  refusals.close()
  assert.deepEqual(written(), [['10.0.0.1', 1], ['10.0.0.1', 2]])
})
