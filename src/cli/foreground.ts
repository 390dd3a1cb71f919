import { BackupError } from '../core/errors.ts'
import type { JobProgress } from '../core/job.ts'
import type { Progress } from '../engine/artifacts/verify-parts.ts'
import { interruption } from './interruption.ts'
import { noProgress, progressOn } from './progress.ts'
import type { JsonFlag, Shell } from './shell.ts'

/**
 * Does work that is no job of the engine, while its progress is shown. Ctrl-C aborts it, and it rejects with
 * `CANCELLED`.
 */
export async function underProgress<T> (
  { output, screen, clock }: Pick<Shell, 'output' | 'screen' | 'clock'>,
  { json }: JsonFlag,
  work: (progress: Progress) => Promise<T>
): Promise<T> {
  const { signal, dispose } = interruption()
  const view = json === true ? noProgress : progressOn(output.err, screen, clock)
  let underway: JobProgress = { phase: 'waiting', bytesDone: 0, bytesTotal: null }
  const tell = (change: Partial<JobProgress>): void => {
    underway = { ...underway, ...change }
    view.tell({ id: 0, kind: 'verify', backupId: null, progress: underway })
  }
  try {
    return await work({
      signal,
      phase: (phase, bytesTotal = null) => {
        tell({ phase, bytesDone: 0, bytesTotal })
      },
      bytes: bytesDone => {
        tell({ bytesDone })
      }
    })
  } catch (thrown) {
    if (signal.aborted) {
      throw new BackupError('CANCELLED', 'interrupted', {
        hint: 'Temporary files were removed. Run the command again to repeat it.',
        cause: thrown
      })
    }
    throw thrown
  } finally {
    view.end()
    dispose()
  }
}
