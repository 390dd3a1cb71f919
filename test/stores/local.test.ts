import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Store } from '../../src/core/store.ts'
import { localStore } from '../../src/stores/local.ts'
import { storeSuite } from '../suites/store-suite.ts'
import { ALONE } from '../support/catalog.ts'
import { never } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'

storeSuite('local', async (t: TestContext): Promise<Store> => {
  const store = localStore({ directory: join(tempDir(t), 'backups'), instanceId: 'test', presence: ALONE, now: () => new Date(0) })
  await store.open(never)
  return store
})
