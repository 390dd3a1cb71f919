import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chainLinkSchema, type ChainLink } from '../../../src/core/backup/chain-link.ts'

const FULL: ChainLink = {
  chain: 'shop-1',
  lineage: '7391706123706123706-1',
  parent: null,
  depth: 0,
  from: '0000000003000028',
  to: '0000000003000138'
}
const INCREMENT: ChainLink = { ...FULL, parent: { name: 'shop.tar', sha256: 'a'.repeat(64) }, depth: 1 }

test('a link is written as it is read, key by key', () => {
  for (const link of [FULL, INCREMENT, { ...FULL, from: FULL.to }]) {
    assert.equal(JSON.stringify(chainLinkSchema.parse(JSON.parse(JSON.stringify(link)))), JSON.stringify(link))
  }
})

const WRONG: Readonly<Record<string, object>> = {
  'an increment without a parent': { ...FULL, depth: 1 },
  'a full backup with a parent': { ...INCREMENT, depth: 0 },
  'a position in capital letters': { ...FULL, to: '00000000030001AF' },
  'a position that is too short': { ...FULL, from: '3000028' },
  'a link that ends before it begins': { ...FULL, from: FULL.to, to: FULL.from },
  'a lineage that leads to another folder': { ...FULL, lineage: '../other' },
  'a digest that is none': { ...INCREMENT, parent: { name: 'shop.tar', sha256: 'abc' } },
  'a field that nobody knows': { ...FULL, more: 1 }
}

for (const [name, link] of Object.entries(WRONG)) {
  test(`${name} is refused`, () => {
    assert.equal(chainLinkSchema.safeParse(link).success, false)
  })
}
