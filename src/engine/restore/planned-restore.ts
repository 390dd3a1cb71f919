import { setDetailsOf } from '../../core/backup/members.ts'
import type { EngineDeps } from '../deps.ts'
import { readableBackup, singlePlan, type RestorePlan, type RestoreRequest } from './restore-plan.ts'
import { setPlan, type SetPlan } from './set/set-plan.ts'

/** What can be told before anything is begun. Rejects as `readableBackup`, and as `singlePlan` or `setPlan`. */
export async function plannedRestore (
  deps: EngineDeps,
  id: number,
  request: RestoreRequest
): Promise<RestorePlan | SetPlan> {
  const readable = await readableBackup(deps, id)
  const details = setDetailsOf(readable.manifest)
  return details === null
    ? await singlePlan(deps, readable, request)
    : await setPlan(deps, { ...readable, details }, request)
}
