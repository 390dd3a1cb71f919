import { join } from 'node:path'
import type { Store } from '../core/ports/store.ts'

/** What is known of a store without the software that speaks to it. */
export interface StoreIdentity extends Pick<Store, 'name' | 'kind' | 'place'> {
  readonly canThaw: boolean
  readonly isDirectory: boolean
}

/**
 * A store that is made when it is first asked for something: the software of the clouds is large, and most processes
 * need none of it.
 */
export function deferredStore (
  { canThaw, isDirectory, ...identity }: StoreIdentity,
  make: () => Promise<Store>
): Store {
  let made: Promise<Store> | undefined
  const store = (signal: AbortSignal): Promise<Store> => {
    signal.throwIfAborted()
    made ??= make().catch((error: unknown) => {
      made = undefined
      throw error
    })
    return made
  }
  return {
    ...identity,
    location: key => isDirectory ? join(identity.place, key) : identity.place + key,
    open: async signal => await (await store(signal)).open(signal),
    put: async (key, body, facts, signal) => {
      try {
        return await (await store(signal)).put(key, body, facts, signal)
      } finally {
        body.destroy()
      }
    },
    get: async (key, range, signal) => await (await store(signal)).get(key, range, signal),
    stat: async (key, signal) => await (await store(signal)).stat(key, signal),
    async *list (prefix, signal) {
      yield* (await store(signal)).list(prefix, signal)
    },
    remove: async (key, signal) => await (await store(signal)).remove(key, signal),
    file: async (key, signal) => isDirectory ? await (await store(signal)).file(key, signal) : undefined,
    features: async signal => await (await store(signal)).features(signal),
    ...isDirectory
      ? { isDirectory, odd: async (signal: AbortSignal) => await (await store(signal)).odd?.(signal) ?? [] }
      : {},
    ...canThaw ? { thaw: async (key, days, signal) => await (await store(signal)).thaw?.(key, days, signal) } : {}
  }
}
