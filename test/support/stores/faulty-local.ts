import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { LandingStore } from '../../../src/core/ports/store.ts'
import { localStore } from '../../../src/stores/local/local.ts'
import { ALONE } from '../catalog/catalog.ts'
import { Faults, faulty } from '../faults.ts'
import { never } from '../streams.ts'
import { tempDir } from '../temp-dir.ts'

/** A local store with failures to order; `directory` is where it keeps its files. */
export async function faultyStore (t: Pick<TestContext, 'after'>): Promise<
  { readonly store: LandingStore, readonly faults: Faults, readonly directory: string }
> {
  const directory = join(tempDir(t), 'backups')
  const faults = new Faults()
  const store = faulty(
    'store',
    localStore({ directory, instanceId: 'test', presence: ALONE, now: () => new Date(0) }),
    faults
  )
  await store.open(never)
  t.after(() => {
    faults.allUsed()
  })
  return { store, faults, directory }
}
