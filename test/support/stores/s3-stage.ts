import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Store } from '../../../src/core/ports/store.ts'
import type { S3StoreOptions } from '../../../src/stores/s3/options.ts'
import { s3Store } from '../../../src/stores/s3/s3.ts'
import { lyingProxy, type LyingProxy } from './lying-proxy.ts'
import { HastyClock, s3Place, type S3BucketOptions, type S3Place } from './s3.ts'
import { never } from '../streams.ts'

/** A store with a proxy between it and its server. */
export interface S3Stage {
  readonly place: S3Place
  readonly proxy: LyingProxy
  readonly store: Store
  /** The same bucket without the proxy. */
  readonly direct: Store
  readonly clock: HastyClock
  /** That nothing is in the bucket: no object, and no part of one. */
  isEmpty(): Promise<void>
}

/** In a bucket of its own. */
export async function s3Stage (
  t: TestContext,
  options: Partial<S3StoreOptions> = {},
  bucket: S3BucketOptions = {}
): Promise<S3Stage> {
  const place = await s3Place(bucket)
  const proxy = await lyingProxy(t, place.server.endpoint)
  const clock = new HastyClock()
  const direct = s3Store(place.options())
  return {
    place,
    proxy,
    clock,
    direct,
    store: s3Store(place.options({ endpoint: proxy.endpoint, clock, ...options })),
    async isEmpty () {
      assert.deepEqual(await place.uploads(), [])
      for await (const { key } of direct.list('', never)) assert.fail(`"${key}" was left behind`)
    }
  }
}
