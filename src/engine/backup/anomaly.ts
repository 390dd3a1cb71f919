import { findAnomalies, HISTORY, profileOf, type Profile } from '../../core/backup/anomaly.ts'
import type { BackupMethod } from '../../core/backup/backup.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { inconsistencyOf, type Check } from '../../core/ports/verification.ts'
import type { EngineDeps } from '../deps.ts'

/** The good backups that a new one is compared with, newest first; both are empty where the guard is off. */
export interface History {
  readonly all: readonly Profile[]
  /** Those whose size and content can be compared with it: full backups for a full one, none for an increment. */
  readonly alike: readonly Profile[]
}

export interface HistoryRequest {
  readonly isGuarded: boolean
  readonly method: BackupMethod
  /** Only backups from before this instant; undefined: all. */
  readonly before?: Date | undefined
}

export async function historyOf (
  { catalog: { backups } }: EngineDeps,
  source: string,
  { isGuarded, method, before }: HistoryRequest
): Promise<History> {
  if (!isGuarded) return { all: [], alike: [] }
  const all = await backups.lastGood(source, HISTORY, { before })
  const alike = method !== 'full'
    ? []
    : all.every(one => one.method === 'full')
    ? all
    : await backups.lastGood(source, HISTORY, { before, method: 'full' })
  return { all: all.map(profileOf), alike: alike.map(profileOf) }
}

/**
 * The suspicion of a new backup that is not like those before it, or is not known to be consistent by the `checks` of
 * its verification; empty: there is none.
 */
export function suspicionOf (
  draft: Manifest,
  { all, alike }: History,
  checks: readonly Check[]
): Pick<Manifest, 'suspicion'> {
  const inconsistency = inconsistencyOf(checks)
  const reasons = [
    ...inconsistency === undefined ? [] : [inconsistency.reason ?? `${inconsistency.name} failed`],
    ...findAnomalies(profileOf(draft), all, alike)
  ]
  return reasons.length === 0 ? {} : { suspicion: { reasons, releasedAt: null, releasedBy: null } }
}
