import { BackupError } from '../../core/errors.ts'
import type { Container } from './container.ts'
import { findHead } from './head.ts'

/** Milliseconds before each further look whether an object is really gone. */
const LOOK_AGAIN_AFTER = [500, 2_000] as const

/**
 * See `Store.remove`. Where versions are kept, the object is gone once it is not listed any more; its bytes go by a
 * lifecycle rule.
 */
export async function removeBlob (container: Container, key: string, signal: AbortSignal): Promise<void> {
  await container.call(
    key,
    signal,
    options => container.blob(key).deleteIfExists({ ...options, deleteSnapshots: 'include' })
  )
  for (const wait of [...LOOK_AGAIN_AFTER, undefined]) {
    if (await findHead(container, key, signal) === undefined) return
    if (wait !== undefined) await container.options.clock.sleep(wait, signal)
  }
  throw new BackupError(
    'STORE_FAILED',
    `the store "${container.place}" reports that it removed "${key}", but still has it`,
    { hint: 'Retry. If the object remains, remove it with the tools of the store.' }
  )
}
