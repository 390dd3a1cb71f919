import type { TestContext } from 'node:test'
import type { Backup } from '../../../src/core/backup/backup.ts'
import type { JobKind, Work } from '../../../src/core/job.ts'
import type { Source } from '../../../src/core/ports/source.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import { testEngine } from './engine.ts'
import { MemorySource } from '../sources/memory-source.ts'

export interface AskedJob {
  readonly kind: JobKind
  readonly source: string | null
  readonly backupId: number | null
  /** What it holds before it has begun, in the order of names. */
  readonly locks: readonly string[]
}

/**
 * The job that a verb makes, looked at while it waits for its turn, and cancelled then. There is one backup, of
 * `source`, by default the memory source `shop`; another source, `busy`, has the only slot.
 */
export async function askedJob (
  t: TestContext,
  ask: (engine: Engine, backup: Backup) => Promise<Work<unknown>>,
  source: Source = new MemorySource('shop')
): Promise<AskedJob> {
  const { engine, deps, faults, create } = await testEngine(t, {
    maxConcurrent: 1,
    sources: [source, new MemorySource('busy')]
  })
  const backup = await create()
  const pause = faults.pause('source.probe')
  const busy = await engine.create({ source: 'busy', type: 'manual' })
  await pause.reached
  const others = await deps.runner.locks.names()
  const { job } = await ask(engine, backup)
  const locks = [...await deps.runner.locks.names()].filter(name => !others.has(name)).toSorted()
  await engine.cancel(job.id)
  pause.go()
  await busy.result
  return { kind: job.kind, source: job.source, backupId: job.backupId, locks }
}
