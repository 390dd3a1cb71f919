import { sibling } from '../child.ts'
import { PATIENCE, patientProbe } from '../patient-probe.ts'
import { DEFAULT_LIMITS, type ChildLimits } from '../subprocess.ts'
import { SQLITE_CHILD } from './open.ts'
import type { ProbeMessage, ProbeTask, SqliteProbe } from './protocol.ts'

/** Looks at the database at `path` as a backup will find it (`patientProbe`). Rejects as the source does. */
export function sqliteProbe (
  path: string,
  { memory }: Pick<ChildLimits, 'memory'> = DEFAULT_LIMITS,
  patience = PATIENCE
): (signal: AbortSignal) => Promise<SqliteProbe> {
  const probe = patientProbe<ProbeTask, ProbeMessage>({
    entry: sibling(import.meta.url, 'probe-child'),
    task: { path },
    environment: SQLITE_CHILD.environment,
    path,
    memory,
    patience
  })
  return async signal => (await probe(signal)).probe
}
