import { after, before } from 'node:test'
import type { Store } from '../../../src/core/ports/store.ts'
import { storeSuite } from '../../suites/store-suite.ts'
import { startFakeGcs, type FakeGcs } from '../../support/stores/fake-gcs.ts'
import { storeOfKind } from '../../support/stores/store-of-kind.ts'

let gcs: FakeGcs
before(async () => {
  gcs = await startFakeGcs()
})
after(async () => {
  await gcs.stop()
})

for (const prefix of ['', 'production/backups/']) {
  storeSuite(prefix === '' ? 'gcs' : 'gcs below a prefix', async (): Promise<Store> => {
    const bucket = gcs.bucket()
    gcs.bucketOf(bucket).pageSize = 2
    return await storeOfKind('gcs', { bucket, prefix, keyFile: undefined, endpoint: gcs.endpoint })
  })
}
