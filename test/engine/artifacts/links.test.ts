import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linksOf } from '../../../src/engine/artifacts/links.ts'
import { chainedEngine } from '../../support/engine/chained.ts'

test('the links of a backup are itself and all that it is built on', async t => {
  const { deps, backups } = await chainedEngine(t, [0, 1, 2, 0])
  const ids = await Promise.all(backups.map(async backup => (await linksOf(deps, backup)).map(({ id }) => id)))
  assert.deepEqual(ids, [[1], [2, 1], [3, 2, 1], [4]])
})
