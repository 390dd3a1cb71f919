import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PutBucketPolicyCommand } from '@aws-sdk/client-s3'
import { probeStore } from '../../../src/engine/replication/probe-store.ts'
import { s3Store } from '../../../src/stores/s3/s3.ts'
import { needRadosgw } from '../../support/stores/radosgw.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { s3Place } from '../../support/stores/s3.ts'
import { bodyOf, never } from '../../support/streams.ts'

test('credentials that must not delete are proven to be that, and a copy outlives whoever has them', async t => {
  if (!needRadosgw(t)) return
  const { client, bucket, options } = await s3Place({ hasVersions: true })
  const store = s3Store(options())
  const free = await probeStore({ store, isAppendOnly: true, hasLock: false, requireWritable: async () => {} }, never)
  assert.equal(free.findings.find(({ check }) => check === 'delete')?.status, 'fail')

  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{
      Effect: 'Deny',
      Principal: '*',
      Action: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
      Resource: [`arn:aws:s3:::${bucket}/*`]
    }]
  })
  await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }))
  await store.put('a', bodyOf('one'), {}, never)
  await rejectsWith('STORE_UNAVAILABLE', store.remove('a', never))
  const bound = await probeStore({ store, isAppendOnly: true, hasLock: false, requireWritable: async () => {} }, never)
  assert.equal(bound.findings.find(({ check }) => check === 'delete')?.status, 'ok')
  assert.equal((await store.stat('a', never)).size, 3)
})
