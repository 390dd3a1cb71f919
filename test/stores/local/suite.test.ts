import { join } from 'node:path'
import { storeOfKind } from '../../support/stores/store-of-kind.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { storeSuite } from '../../suites/store-suite.ts'

storeSuite('a second directory', async t => await storeOfKind('local', { path: join(tempDir(t), 'far') }))
