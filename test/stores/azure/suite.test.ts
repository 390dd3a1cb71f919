import { after, before } from 'node:test'
import { systemClock } from '../../../src/core/clock.ts'
import type { Store } from '../../../src/core/ports/store.ts'
import { Secret } from '../../../src/core/secret.ts'
import { azureStore } from '../../../src/stores/azure/azure.ts'
import { storeSuite } from '../../suites/store-suite.ts'
import { startAzurite, type Azurite } from '../../support/stores/azurite.ts'
import { never } from '../../support/streams.ts'

let azurite: Azurite
before(async () => {
  azurite = await startAzurite()
})
after(async () => {
  await azurite.stop()
})

for (const prefix of ['', 'production/backups/']) {
  storeSuite(prefix === '' ? 'azure' : 'azure below a prefix', async (): Promise<Store> => {
    const { account, key, endpoint } = azurite
    const store = azureStore({
      name: 'azure',
      account,
      key: new Secret(key),
      container: await azurite.container(),
      prefix,
      endpoint,
      clock: systemClock
    })
    await store.open(never)
    return store
  })
}
