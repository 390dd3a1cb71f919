import { BackupError } from '../../core/errors.ts'
import type { Bucket } from './bucket.ts'
import { findHead } from './head.ts'

/** Milliseconds before each further look whether an object is really gone. */
const LOOK_AGAIN_AFTER = [500, 2_000] as const

/**
 * See `Store.remove`. Where versions are kept, the object is gone once it is not listed any more; its bytes go by a
 * lifecycle rule.
 */
export async function removeObject (bucket: Bucket, key: string, signal: AbortSignal): Promise<void> {
  const answer = await bucket.ask(key, signal, {
    method: 'DELETE',
    url: bucket.urls.object(key),
    expect: [200, 204, 404]
  })
  await answer.body?.cancel()
  for (const wait of [...LOOK_AGAIN_AFTER, undefined]) {
    if (await findHead(bucket, key, signal) === undefined) break
    if (wait === undefined) {
      throw new BackupError(
        'STORE_FAILED',
        `the store "${bucket.place}" reports that it removed "${key}", but still has it`,
        { hint: 'Retry. If the object remains, remove it with the tools of the store.' }
      )
    }
    await bucket.options.clock.sleep(wait, signal)
  }
}
