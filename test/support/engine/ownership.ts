import type { Catalog } from '../../../src/core/catalog/catalog.ts'
import type { Clock } from '../../../src/core/clock.ts'
import type { Store } from '../../../src/core/ports/store.ts'
import type { EngineDeps } from '../../../src/engine/deps.ts'
import { Ownership } from '../../../src/engine/ownership.ts'

export interface TestOwnershipOptions {
  /** Left out: every engine of a test is the same installation, and only its landing store is looked at. */
  readonly instance: string | undefined
  /** Without planned faults, so that a plan reaches what the test is about. */
  readonly landing: Store
  readonly catalog: Pick<Catalog, 'copies' | 'storeIds'>
  readonly clock: Clock
}

/** Whose the stores of a test are. */
export function testOwnership ({ instance, landing, catalog, clock }: TestOwnershipOptions): EngineDeps['ownership'] {
  const real = new Ownership({
    identity: { id: instance ?? 'test', host: 'here' },
    landing: landing.name,
    copies: catalog.copies,
    storeIds: catalog.storeIds,
    clock
  })
  const raw = (store: Store): Store | undefined =>
    store.name === landing.name ? landing : instance === undefined ? undefined : store
  return {
    identity: real.identity,
    get troubles () {
      return real.troubles
    },
    async inspect (store, signal) {
      const asked = raw(store)
      return asked === undefined
        ? { state: 'unclaimed', marker: undefined, isUnreadable: false }
        : await real.inspect(asked, signal)
    },
    async require (store, signal) {
      const asked = raw(store)
      if (asked !== undefined) await real.require(asked, signal)
    },
    takeOver: (store, instances, signal) => real.takeOver(raw(store) ?? store, instances, signal),
    begin: (store, signal) => real.begin(raw(store) ?? store, signal)
  }
}
