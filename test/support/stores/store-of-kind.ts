import { systemClock, type Clock } from '../../../src/core/clock.ts'
import type { StoreValues } from '../../../src/core/ports/store-kind.ts'
import type { Store } from '../../../src/core/ports/store.ts'
import { storeKindOf } from '../../../src/stores/index.ts'
import { ALONE } from '../catalog/catalog.ts'
import { never } from '../streams.ts'

/** An opened store of the kind with that name, made as the service makes it and named after the kind. */
export async function storeOfKind (kind: string, values: StoreValues, clock: Clock = systemClock): Promise<Store> {
  const context = { instanceId: 'test', presence: ALONE, clock, proxy: () => undefined }
  const store = await storeKindOf({ kind }).make(kind, values, context)
  await store.open(never)
  return store
}
