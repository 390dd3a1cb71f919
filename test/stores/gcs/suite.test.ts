import { after, before } from 'node:test'
import { systemClock } from '../../../src/core/clock.ts'
import type { Store } from '../../../src/core/ports/store.ts'
import { gcsStore } from '../../../src/stores/gcs/gcs.ts'
import { storeSuite } from '../../suites/store-suite.ts'
import { startFakeGcs, type FakeGcs } from '../../support/stores/fake-gcs.ts'
import { never } from '../../support/streams.ts'

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
    const store = gcsStore({
      name: 'gcs',
      bucket,
      prefix,
      keyFile: undefined,
      endpoint: gcs.endpoint,
      clock: systemClock
    })
    await store.open(never)
    return store
  })
}
