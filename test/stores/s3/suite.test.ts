import { randomUUID } from 'node:crypto'
import { describe } from 'node:test'
import { radosgwMissing } from '../../support/stores/radosgw.ts'
import { s3Place, type S3Place } from '../../support/stores/s3.ts'
import { storeOfKind } from '../../support/stores/store-of-kind.ts'
import { storeSuite } from '../../suites/store-suite.ts'

let place: Promise<S3Place> | undefined

describe('s3: the contract', { skip: radosgwMissing() }, () => {
  for (const profile of ['compatible', 'aws'] as const) {
    storeSuite(`s3, ${profile}`, async () => {
      place ??= s3Place()
      const { name: _, clock, ...values } = (await place).options({ profile, prefix: `${randomUUID()}/` })
      return await storeOfKind('s3', values, clock)
    })
  }
})
