import type { Run, RunChange } from '../core/schedule/run.ts'
import type { Engine } from '../engine/engine.ts'
import { afterFailure, afterSuccess } from './outcome.ts'

const INTERRUPTED = 'the service ended during the run'

/**
 * What came of a run that nobody follows any longer, going by its backup or drill. undefined: that is not decided yet.
 */
export async function lostOutcome (
  engine: Pick<Engine, 'backups' | 'restores'>,
  run: Run,
  now: Date
): Promise<RunChange | undefined> {
  if (run.kind === 'drill' && run.source !== null) return await lostDrill(engine, run, run.source, now)
  const backup = run.source === null ? undefined : await newestBackup(engine, run.source, run.startedAt)
  if (backup?.status === 'in_progress') return undefined
  if (backup?.status === 'completed') return afterSuccess(backup.id, now)
  const failure = { code: backup?.errorCode ?? 'INTERRUPTED', message: backup?.errorMessage ?? INTERRUPTED } as const
  return afterFailure(run, failure, backup?.id ?? null, now)
}

async function lostDrill (
  engine: Pick<Engine, 'restores'>,
  run: Run,
  source: string,
  now: Date
): Promise<RunChange | undefined> {
  const { restores: [drill] } = await engine.restores({
    kind: 'drill',
    source,
    since: run.startedAt ?? undefined,
    limit: 1
  })
  if (drill?.status === 'running') return undefined
  if (drill?.status === 'passed' || drill?.status === 'failed') return afterSuccess(drill.backupId, now)
  return afterFailure(
    run,
    { code: drill?.errorCode ?? 'INTERRUPTED', message: drill?.errorMessage ?? INTERRUPTED },
    drill?.backupId ?? null,
    now
  )
}

async function newestBackup (engine: Pick<Engine, 'backups'>, source: string, since: Date | null) {
  const { backups: [newest] } = await engine.backups({ source, type: 'scheduled', since: since ?? undefined, limit: 1 })
  return newest
}
