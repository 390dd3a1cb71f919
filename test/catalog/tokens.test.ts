import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLOCK_TOLERANCE, type NewToken, type TokenIdentity } from '../../src/core/catalog/token.ts'
import { newCatalog, openBeside, START } from '../support/catalog/catalog.ts'
import { rejectsWith } from '../support/rejects.ts'

const HOUR = 3_600_000

function later (hours: number): Date {
  return new Date(START.getTime() + hours * HOUR)
}

function aToken (given: Partial<NewToken> = {}): NewToken {
  return { id: 'a1', subject: 'ann', role: 'admin', createdAt: START, expiresAt: later(24), ...given }
}

function identity (given: Partial<TokenIdentity> = {}): TokenIdentity {
  return { id: 'a1', subject: 'ann', issuedAt: START, ...given }
}

test('tokens are listed newest first, as they were made', async t => {
  const { catalog: { tokens } } = await newCatalog(t)
  const made = [
    aToken(),
    aToken({ id: 'a2', expiresAt: null }),
    aToken({ id: 'b1', subject: 'bob', createdAt: later(1) })
  ]
  for (const token of made) assert.deepEqual(await tokens.add(token), { ...token, revokedAt: null })
  assert.deepEqual(await tokens.list(), made.toReversed().map(token => ({ ...token, revokedAt: null })))
})

test('an id belongs to one token', async t => {
  const { catalog: { tokens } } = await newCatalog(t)
  await tokens.add(aToken())
  await rejectsWith('CATALOG_FAILED', tokens.add(aToken({ subject: 'bob' })))
  assert.deepEqual((await tokens.list()).map(({ subject }) => subject), ['ann'])
})

test('a token that is revoked is refused from then on, and only the first time counts', async t => {
  const { catalog: { tokens } } = await newCatalog(t)
  await tokens.add(aToken())
  await tokens.add(aToken({ id: 'a2' }))
  assert.equal(await tokens.isRevoked(identity()), false)
  assert.deepEqual(await tokens.revoke('a1', later(1)), { ...aToken(), revokedAt: later(1) })
  assert.deepEqual((await tokens.revoke('a1', later(2))).revokedAt, later(1))
  assert.deepEqual([await tokens.isRevoked(identity()), await tokens.isRevoked(identity({ id: 'a2' }))], [true, false])
})

test('a token made elsewhere is revoked by its id, and listed with nothing but that', async t => {
  const { catalog: { tokens } } = await newCatalog(t)
  const known = { id: 'elsewhere', subject: null, role: null, createdAt: null, expiresAt: null, revokedAt: later(1) }
  assert.deepEqual(await tokens.revoke('elsewhere', later(1)), known)
  assert.deepEqual(await tokens.list(), [known])
  assert.equal(await tokens.isRevoked(identity({ id: 'elsewhere', subject: null, issuedAt: null })), true)
})

test('a token without an id, a subject or a time of issue is refused only when its subject is', async t => {
  const { catalog: { tokens } } = await newCatalog(t)
  const nameless = identity({ id: null, subject: null, issuedAt: null })
  await tokens.revokeSubject('ann', START)
  assert.deepEqual([
    await tokens.isRevoked(nameless),
    await tokens.isRevoked({ ...nameless, subject: 'bob' }),
    await tokens.isRevoked({ ...nameless, subject: 'ann' })
  ], [false, false, true])
})

test('a subject that is revoked takes with it what was issued until then, wherever it was made, and nothing later', async t => {
  const { catalog: { tokens } } = await newCatalog(t)
  await tokens.add(aToken({ id: 'expired', expiresAt: later(1) }))
  await tokens.add(aToken({ id: 'early' }))
  await tokens.add(aToken({ id: 'late', createdAt: later(1), expiresAt: null }))
  await tokens.add(aToken({ id: 'bobs', subject: 'bob' }))
  assert.deepEqual((await tokens.revokeSubject('ann', later(2))).map(({ id, revokedAt }) => [id, revokedAt]), [[
    'late',
    later(2)
  ], ['early', later(2)]])
  assert.deepEqual((await tokens.list()).map(({ id, revokedAt }) => [id, revokedAt !== null]), [
    ['late', true],
    ['bobs', false],
    ['early', true],
    ['expired', false]
  ])
  const elsewhere = async (hours: number, subject = 'ann'): Promise<boolean> =>
    await tokens.isRevoked(identity({ id: 'elsewhere', subject, issuedAt: later(hours) }))
  assert.deepEqual([await elsewhere(0), await elsewhere(2), await elsewhere(3), await elsewhere(0, 'bob')], [
    true,
    true,
    false,
    false
  ])
})

test('a subject that is revoked again is revoked until the later of the two times', async t => {
  const { catalog: { tokens } } = await newCatalog(t)
  await tokens.revokeSubject('ann', later(2))
  assert.deepEqual(await tokens.revokeSubject('ann', later(1)), [])
  assert.equal(await tokens.isRevoked(identity({ issuedAt: later(2) })), true)
  await tokens.revokeSubject('ann', later(4))
  assert.equal(await tokens.isRevoked(identity({ issuedAt: later(3) })), true)
})

test('of a token made here it is known whether it was before or after the bound, though both were in the same second', async t => {
  const { catalog: { tokens } } = await newCatalog(t)
  const at = (ms: number): Date => new Date(START.getTime() + ms)
  await tokens.revokeSubject('ann', at(500))
  await tokens.add(aToken({ id: 'before', createdAt: at(400) }))
  await tokens.add(aToken({ id: 'after', createdAt: at(600) }))
  const revoked = async (id: string): Promise<boolean> => await tokens.isRevoked(identity({ id, issuedAt: START }))
  assert.deepEqual([await revoked('before'), await revoked('after'), await revoked('elsewhere')], [true, false, true])
})

test('a revocation of another process is seen at once, and changes the version', async t => {
  const { catalog, path } = await newCatalog(t)
  const beside = await openBeside(t, path, 'beside')
  await beside.tokens.add(aToken())
  assert.equal(await catalog.tokens.isRevoked(identity()), false)
  const before = beside.version()
  await beside.tokens.revoke('a1', later(1))
  assert.notEqual(beside.version(), before)
  assert.equal(await catalog.tokens.isRevoked(identity()), true)
})

test('only tokens that expired are forgotten; one that never does, or nobody knows of, stays refused', async t => {
  const { catalog: { tokens } } = await newCatalog(t)
  await tokens.add(aToken({ id: 'over', expiresAt: later(1) }))
  await tokens.add(aToken({ id: 'valid', expiresAt: later(2) }))
  await tokens.add(aToken({ id: 'for ever', expiresAt: null }))
  await tokens.revoke('elsewhere', START)
  assert.equal(await tokens.purge(later(2)), 1)
  assert.deepEqual((await tokens.list()).map(({ id }) => id).toSorted(), ['elsewhere', 'for ever', 'valid'])
})

test('a clock elsewhere that is ahead of ours saves no token from the revocation of its subject', async t => {
  const { catalog: { tokens } } = await newCatalog(t)
  await tokens.revokeSubject('ann', START)
  const elsewhere = async (ms: number): Promise<boolean> =>
    await tokens.isRevoked(identity({ id: 'elsewhere', issuedAt: new Date(START.getTime() + ms) }))
  assert.deepEqual([await elsewhere(CLOCK_TOLERANCE), await elsewhere(CLOCK_TOLERANCE + 1000)], [true, false])
})
