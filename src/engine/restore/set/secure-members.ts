import { toBackupError } from '../../../core/errors.ts'
import type { Task } from '../../../core/job.ts'
import type { ProtectedSource } from '../../../core/protected-source.ts'
import { makeSafetyBackup } from '../../backup/safety-backup.ts'
import type { OnRemoval } from '../../backup/space.ts'
import type { EngineDeps } from '../../deps.ts'
import { replacing } from './feasible-set.ts'
import { isInUse, type MemberPlan, type SetPlan } from './set-plan.ts'
import { memberRecord } from './undo-members.ts'

/**
 * Backs up the present content of the members: one backup of the set, or of the source where one member alone is
 * restored. Where the set cannot be backed up because another of its members is missing, each database that stays in
 * use gets a backup of its own; one that has none is replaced by a new file, so that the old one stays. Resolves with
 * the plan in the modes that came of that. `onRemoval` gets each backup that was removed to make room. Rejects as
 * `createBackup`, and with what prevents a replacement.
 */
export async function secureMembers (
  deps: EngineDeps,
  plan: SetPlan,
  restoreId: number,
  task: Task,
  onRemoval: OnRemoval
): Promise<SetPlan> {
  if (plan.members.some(({ inPlace }) => inPlace === undefined)) return plan
  const found = plan.members.length === 1
    ? await ofSource(deps, plan, plan.members[0], task, onRemoval)
    : await ofSet(deps, plan, task, onRemoval)
  const [whole] = new Set(found.values())
  if (whole !== undefined && new Set(found.values()).size === 1) await deps.catalog.restores.secured(restoreId, whole)
  const members: MemberPlan[] = []
  for (const member of plan.members) {
    const isUnsecured = isInUse(member) && !found.has(member.member.name)
    members.push(isUnsecured ? await replacing(member, task.signal) : member)
  }
  const record = memberRecord(deps, await deps.catalog.restores.get(restoreId))
  for (const [index, { member, placement: { mode } }] of members.entries()) {
    await record.change(index, { mode, safetyBackupId: found.get(member.name) ?? null })
  }
  return { ...plan, members }
}

/** The ids of the backups by the names of the members that are in them. */
type Secured = ReadonlyMap<string, number>

async function ofSet (deps: EngineDeps, plan: SetPlan, task: Task, onRemoval: OnRemoval): Promise<Secured> {
  const set = deps.sources.get(plan.backup.source)
  const names = plan.members.map(({ member }) => member.name)
  const covered = names.filter(name => set?.members.includes(name) === true)
  const id = set === undefined || covered.length === 0 ? undefined : await backedUp(deps, plan, set, task, onRemoval)
  const found = new Map(id === undefined ? [] : covered.map(name => [name, id]))
  for (const member of plan.members) {
    if (found.has(member.member.name)) continue
    for (const [name, own] of await ofSource(deps, plan, member, task, onRemoval)) found.set(name, own)
  }
  return found
}

/** Of one source; empty: the present content is kept, or there is nothing. */
async function ofSource (
  deps: EngineDeps,
  plan: SetPlan,
  member: MemberPlan | undefined,
  task: Task,
  onRemoval: OnRemoval
): Promise<Secured> {
  if (member?.inPlace === undefined || member.restorer.undoneBy === 'aside') return new Map()
  const safety = await makeSafetyBackup(deps, member.inPlace, {
    before: `the restore of backup ${plan.backup.id}`,
    mayBeDamaged: !isInUse(member)
  }, task)
  safety?.removed.forEach(onRemoval)
  return new Map(safety === undefined ? [] : [[member.member.name, safety.id]])
}

/** undefined: the set as a whole cannot be backed up, because a member is missing, or damaged and replaced. */
async function backedUp (
  deps: EngineDeps,
  plan: SetPlan,
  set: ProtectedSource,
  task: Task,
  onRemoval: OnRemoval
): Promise<number | undefined> {
  try {
    const safety = await makeSafetyBackup(deps, set, {
      before: `the restore of backup ${plan.backup.id}`,
      mayBeDamaged: !plan.members.some(isInUse),
      method: 'incremental'
    }, task)
    safety?.removed.forEach(onRemoval)
    return safety?.id
  } catch (thrown) {
    task.signal.throwIfAborted()
    if (toBackupError(thrown).code !== 'SOURCE_INCOMPLETE') throw thrown
    return undefined
  }
}
