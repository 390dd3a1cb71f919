import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHAIN_CHECK } from '../../../src/core/ports/verification.ts'
import { verifyFile } from '../../../src/engine/verify/verify-file.ts'
import { localStore } from '../../../src/stores/local/local.ts'
import { ALONE } from '../../support/catalog/catalog.ts'
import { growingEngine } from '../../support/engine/growing.ts'
import { never } from '../../support/streams.ts'

test('the file of an increment is verified alone, and the check of its chain is reported as left out', async t => {
  const { deps, create, increment } = await growingEngine(t)
  const proof = {
    ...deps,
    storeAt: (directory: string) =>
      localStore({ directory, instanceId: 'test', presence: ALONE, now: () => deps.clock.now() })
  }
  const chainOf = async (path: string) => {
    const { verdict, verification } = await verifyFile(proof, path, { phase () {}, bytes () {}, signal: never })
    return [verdict, verification.checks.find(({ name }) => name === CHAIN_CHECK)?.status]
  }
  const [full, made] = [await create(), await increment()]
  assert.deepEqual(await chainOf(full.filePath), ['valid', undefined])
  assert.deepEqual(await chainOf(made.filePath), ['valid', 'skipped'])
})
