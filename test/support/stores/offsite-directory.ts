import { join } from 'node:path'
import type { EngineDeps, OffsiteStore } from '../../../src/engine/deps.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import { performCopyTask } from '../../../src/engine/replication/copy-task.ts'
import { localStore } from '../../../src/stores/local/local.ts'
import { never } from '../streams.ts'

/** A second directory in `home`, as a store for copies; what others left half written there is of the dead. */
export function farStore (home: string): OffsiteStore {
  const presence = { id: `${process.pid}-00000000`, isAlive: (id: string) => id === `${process.pid}-00000000` }
  const store = localStore({
    name: 'far',
    directory: join(home, 'far'),
    instanceId: 'test',
    presence,
    now: () => new Date()
  })
  return { store, retention: null, maxBackups: null, isAppendOnly: false, hasLock: false, bandwidth: null }
}

/** Does everything that is to be done in that store. */
export async function work (deps: EngineDeps, engine: Engine): Promise<void> {
  const far = deps.offsite.get('far')
  if (far === undefined) return
  for (const task of await deps.catalog.copies.work('far')) await performCopyTask(deps, engine, far, task, never)
}
