import type { Run, RunChange } from '../core/run.ts'
import type { Engine } from '../engine/engine.ts'
import { afterFailure, afterSuccess } from './outcome.ts'

/** What came of a run that nobody follows any longer, going by its backup. undefined: that is not decided yet. */
export async function lostOutcome (engine: Pick<Engine, 'backups'>, run: Run, now: Date): Promise<RunChange | undefined> {
  const backup = run.source === null ? undefined : await newestBackup(engine, run.source, run.startedAt)
  if (backup?.status === 'in_progress') return undefined
  if (backup?.status === 'completed') return afterSuccess(backup.id, now)
  const failure = { code: backup?.errorCode ?? 'INTERRUPTED', message: backup?.errorMessage ?? 'the service ended while the run was under way' } as const
  return afterFailure(run, failure, backup?.id ?? null, now)
}

async function newestBackup (engine: Pick<Engine, 'backups'>, source: string, since: Date | null) {
  const { backups: [newest] } = await engine.backups({ source, type: 'scheduled', since: since ?? undefined, limit: 1 })
  return newest
}
