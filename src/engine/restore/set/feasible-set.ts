import { mkdir, readdir } from 'node:fs/promises'
import { BackupError, systemCode, toBackupError } from '../../../core/errors.ts'
import type { Task } from '../../../core/job.ts'
import { inOrder, isInUse, type MemberPlan, type SetPlan } from './set-plan.ts'

/**
 * Makes the directory for the members, for its owner alone, unless there is an empty one; returns whether it made it.
 * Throws `RESTORE_TARGET_EXISTS`, `RESTORE_TARGET_INVALID`, `RESTORE_TARGET_UNWRITABLE`.
 */
export async function makeDirectory (path: string): Promise<boolean> {
  await requireEmpty(path)
  try {
    return await mkdir(path, { recursive: false, mode: 0o700 }).then(() => true)
  } catch (thrown) {
    const code = systemCode(thrown)
    if (code === 'EEXIST') return false
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new BackupError('RESTORE_TARGET_INVALID', `the directory of "${path}" does not exist`, {
        hint: 'Make the directory, or choose a path in a directory that exists.'
      })
    }
    throw new BackupError('RESTORE_TARGET_UNWRITABLE', `the directory "${path}" cannot be made: ${String(code)}`, {
      hint: 'Give the user of the service the right to write there, or choose another path.',
      cause: thrown
    })
  }
}

/** Throws `RESTORE_TARGET_EXISTS` unless nothing is there, or an empty directory. */
export async function requireEmpty (path: string): Promise<void> {
  const names = await readdir(path).catch((error: unknown) => systemCode(error) === 'ENOENT' ? [] : undefined)
  if (names?.length === 0) return
  throw new BackupError('RESTORE_TARGET_EXISTS', `"${path}" exists, and is not an empty directory`, {
    hint: 'Choose a path where nothing is, or an empty directory.'
  })
}

/** As `feasible` for each member, before anything is changed. */
export async function feasibleSet (plan: SetPlan, task: Pick<Task, 'phase' | 'signal'>): Promise<SetPlan> {
  task.phase('probing')
  const members: MemberPlan[] = []
  for (const member of plan.members) members.push(await feasibleMember(member, task.signal))
  return { ...plan, members: inOrder(members) }
}

/** As `feasible`. */
export async function feasibleMember (plan: MemberPlan, signal: AbortSignal): Promise<MemberPlan> {
  const { restorer, manifest, placement } = plan
  try {
    await restorer.check(manifest, placement, signal)
    return plan
  } catch (thrown) {
    if (!canReplace(plan) || toBackupError(thrown).code !== 'SOURCE_MISSING') throw thrown
    return await replacing(plan, signal)
  }
}

function canReplace (plan: MemberPlan): boolean {
  return isInUse(plan) && plan.modes.some(({ needsSource }) => !needsSource)
}

/** The same with a new file in the place of the old one. Throws what is in the way of that. */
export async function replacing (plan: MemberPlan, signal: AbortSignal): Promise<MemberPlan> {
  const mode = plan.modes.find(({ needsSource }) => !needsSource)?.name ?? plan.placement.mode
  const instead: MemberPlan = { ...plan, placement: { ...plan.placement, mode } }
  await plan.restorer.check(plan.manifest, instead.placement, signal)
  return instead
}
