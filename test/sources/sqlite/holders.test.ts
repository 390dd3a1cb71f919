import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeHolders } from '../../../src/sources/sqlite/holders.ts'

test('of many processes that have a database open a message names some, and counts the rest', () => {
  const holders = Array.from({ length: 12 }, (_, index) => ({ pid: index + 1, command: index === 0 ? 'node server.js' : '' }))
  assert.equal(describeHolders(holders.slice(0, 2)), '1 (node server.js), 2')
  assert.equal(describeHolders(holders), '1 (node server.js), 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more')
})
