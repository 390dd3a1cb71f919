import { findAnomalies, HISTORY, profileOf, type Profile } from '../../core/backup/anomaly.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import type { EngineDeps } from '../deps.ts'

/** What a new backup of the source is held against; empty where nobody asks for that. */
export async function historyOf (
  deps: EngineDeps,
  source: string,
  { isGuarded }: { readonly isGuarded: boolean }
): Promise<readonly Profile[]> {
  return isGuarded ? (await deps.catalog.backups.lastGood(source, HISTORY)).map(profileOf) : []
}

/** What the manifest of a new backup says of it where it is not like those before it. */
export function suspicionOf (draft: Manifest, history: readonly Profile[]): Pick<Manifest, 'suspicion'> {
  const reasons = findAnomalies(profileOf(draft), history)
  return reasons.length === 0 ? {} : { suspicion: { reasons: [...reasons], releasedAt: null, releasedBy: null } }
}
