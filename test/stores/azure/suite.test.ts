import { after, before } from 'node:test'
import type { Store } from '../../../src/core/ports/store.ts'
import { Secret } from '../../../src/core/secret.ts'
import { storeSuite } from '../../suites/store-suite.ts'
import { startAzurite, type Azurite } from '../../support/stores/azurite.ts'
import { storeOfKind } from '../../support/stores/store-of-kind.ts'

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
    const container = await azurite.container()
    return await storeOfKind('azure', { account, key: new Secret(key), container, prefix, endpoint })
  })
}
