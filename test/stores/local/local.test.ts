import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { LandingStore } from '../../../src/core/ports/store.ts'
import { localStore } from '../../../src/stores/local/local.ts'
import { landingStoreSuite } from '../../suites/store-suite.ts'
import { ALONE } from '../../support/catalog/catalog.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

landingStoreSuite('local', async (t: TestContext): Promise<LandingStore> => {
  const store = localStore({
    directory: join(tempDir(t), 'backups'),
    instanceId: 'test',
    presence: ALONE,
    now: () => new Date(0)
  })
  await store.open(never)
  return store
})
