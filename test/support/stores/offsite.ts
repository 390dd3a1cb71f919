import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { INSTANCE_MARKER } from '../../../src/core/instance.ts'
import type { OffsiteStore } from '../../../src/engine/deps.ts'
import { localStore } from '../../../src/stores/local/local.ts'
import { ALONE } from '../catalog/catalog.ts'
import { filesIn } from '../engine/engine.ts'
import { Faults, faulty } from '../faults.ts'
import { never } from '../streams.ts'
import { tempDir } from '../temp-dir.ts'

export interface TestOffsite {
  /** For the option of the same name of `testEngine`. */
  readonly offsite: ReadonlyMap<string, OffsiteStore>
  /** Reaches each store by its name: `far.put`. */
  readonly faults: Faults
  readonly directories: Readonly<Record<string, string>>
  /** Every file in the store, also those that no list shows, but for the note on how to restore. */
  files(name: string): string[]
}

/**
 * Opened second directories by the names given, each with what it is to have other than the rest. A plan that was not
 * used fails the test.
 */
export async function testOffsite (
  t: Pick<TestContext, 'after'>,
  stores: Readonly<Record<string, Partial<Omit<OffsiteStore, 'store'>>>>
): Promise<TestOffsite> {
  const base = tempDir(t)
  const faults = new Faults()
  const offsite = new Map<string, OffsiteStore>()
  const directories: Record<string, string> = {}
  for (const [name, given] of Object.entries(stores)) {
    const directory = directories[name] = join(base, name)
    const store = faulty(
      name,
      localStore({ name, directory, instanceId: 'test', presence: ALONE, now: () => new Date(0) }),
      faults
    )
    await store.open(never)
    offsite.set(name, {
      store,
      retention: null,
      maxBackups: null,
      isAppendOnly: false,
      hasLock: false,
      bandwidth: null,
      ...given
    })
  }
  t.after(() => {
    faults.allUsed()
  })
  return {
    offsite,
    faults,
    directories,
    files: name => filesIn(directories[name] ?? '').filter(file => file !== 'RESTORE.txt' && file !== INSTANCE_MARKER)
  }
}
