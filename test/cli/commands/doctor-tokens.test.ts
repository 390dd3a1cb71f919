import assert from 'node:assert/strict'
import { test } from 'node:test'
import { examineSecrets } from '../../../src/cli/doctor/secrets.ts'
import { examineTokens } from '../../../src/cli/doctor/tokens.ts'
import { complaintsIn, examined } from '../../support/cli/doctor.ts'

test('tokens without an end are named, unless they are revoked or refused anyway', async t => {
  const { subject: context, memory: snapshot, clock, deps: { catalog: { tokens } } } = await examined(t)
  const ask = async (requireTokenExpiry = false): Promise<string[]> =>
    complaintsIn(await examineTokens({ ...context, requireTokenExpiry }, snapshot))
  const add = (id: string, expiresAt: Date | null): Promise<unknown> =>
    tokens.add({ id, subject: 'ann', role: 'admin', createdAt: clock.now(), expiresAt })
  await add('ends', new Date(clock.now().getTime() + 1000))
  await tokens.revoke('made elsewhere', clock.now())
  assert.deepEqual(await ask(), [])
  await add('endless', null)
  assert.deepEqual(await ask(), ['warn tokens: a token does not expire: endless of "ann"'])
  for (let i = 0; i < 5; i++) await add(`more ${i}`, null)
  const [found = ''] = await ask()
  assert.match(found, /6 tokens do not expire: .* and 1 more$/)
  assert.deepEqual(await ask(true), [])
  await tokens.revokeSubject('ann', clock.now())
  assert.deepEqual(await ask(), [])
})

test('secrets that the server alone has are named: what needs them was not looked at', async t => {
  const { subject: context } = await examined(t)
  const found = complaintsIn(await examineSecrets({ ...context, lacks: ['AWS_SECRET_ACCESS_KEY'] }, undefined))
  assert.equal(found.length, 1)
  assert.match(found[0] ?? '', /^warn secrets: the server has AWS_SECRET_ACCESS_KEY, and this command does not/)
})
