import { randomUUID } from 'node:crypto'
import { describe } from 'node:test'
import { s3Store } from '../../../src/stores/s3/s3.ts'
import { radosgwMissing } from '../../support/stores/radosgw.ts'
import { s3Place, type S3Place } from '../../support/stores/s3.ts'
import { never } from '../../support/streams.ts'
import { storeSuite } from '../../suites/store-suite.ts'

let place: Promise<S3Place> | undefined

describe('s3: the contract', { skip: radosgwMissing() }, () => {
  for (const profile of ['compatible', 'aws'] as const) {
    storeSuite(`s3, ${profile}`, async () => {
      place ??= s3Place()
      const store = s3Store((await place).options({ profile, prefix: `${randomUUID()}/` }))
      await store.open(never)
      return store
    })
  }
})
