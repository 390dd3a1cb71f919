import type { StoreState } from '../../../src/engine/status/stores.ts'

/** A bucket with one copy. */
export function aStoreState (): StoreState {
  return {
    name: 'far',
    kind: 's3',
    place: 's3://bucket/',
    isLanding: false,
    isRemembered: false,
    state: 'ok',
    stored: 1,
    bytes: 100,
    waiting: 0,
    failure: null,
    isAppendOnly: false,
    hasLock: false,
    retention: null,
    maxBackups: null,
    bandwidth: null
  }
}
