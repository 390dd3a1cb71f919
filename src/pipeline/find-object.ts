import { BackupError } from '../core/errors.ts'
import type { Store, StoredObject } from '../core/ports/store.ts'

/** Whether the store has the object. Rejects with what the store rejects with. */
export async function hasObject (store: Store, key: string, signal: AbortSignal): Promise<boolean> {
  return await findObject(store, key, signal) !== undefined
}

/** What the store tells of the object; undefined: it is not there. */
export async function findObject (store: Store, key: string, signal: AbortSignal): Promise<StoredObject | undefined> {
  try {
    return await store.stat(key, signal)
  } catch (error) {
    if (error instanceof BackupError && error.code === 'OBJECT_NOT_FOUND') return undefined
    throw error
  }
}
