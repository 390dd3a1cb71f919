import type { TestEngine } from './engine.ts'
import { rejectsWith } from '../rejects.ts'

/**
 * Begins a backup of the default source and cancels it while the source is probed; resolves once it has ended as
 * cancelled.
 */
export async function cancelWhileProbing ({ engine, faults }: Pick<TestEngine, 'engine' | 'faults'>): Promise<void> {
  const pause = faults.pause('source.probe')
  const { job, result } = await engine.create({ type: 'manual' })
  const outcome = rejectsWith('CANCELLED', result)
  await pause.reached
  const cancelled = engine.cancel(job.id)
  pause.go()
  await Promise.all([cancelled, outcome])
}
