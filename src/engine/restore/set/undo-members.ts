import { lstat } from 'node:fs/promises'
import { cleanupSignal } from '../../../core/cleanup-signal.ts'
import { BackupError } from '../../../core/errors.ts'
import type { MemberState, Restore, RestoredMember, Restorer } from '../../../core/restore/restore.ts'
import type { EngineDeps } from '../../deps.ts'
import { requireKind } from '../../require-kind.ts'
import { TIMEOUT } from '../restore-plan.ts'
import { contentOf, readMember } from './member-content.ts'

/** How far the members of a restore are, in memory and in its row, which has each step before the next one begins. */
export interface MemberRecord {
  readonly members: readonly RestoredMember[]
  change(index: number, change: Partial<RestoredMember>): Promise<void>
}

export function memberRecord (
  { catalog }: Pick<EngineDeps, 'catalog'>,
  { id, members: recorded }: Pick<Restore, 'id' | 'members'>
): MemberRecord {
  let members = recorded
  return {
    get members () {
      return members
    },
    async change (index, change) {
      const changed = members.map((member, at) => at === index ? { ...member, ...change } : member)
      await catalog.restores.recordMembers(id, changed)
      members = changed
    }
  }
}

/** The restorer of the kind of a member. Throws `METHOD_UNSUPPORTED`. */
export function restorerOf (deps: EngineDeps, { kind }: Pick<RestoredMember, 'kind'>): Restorer {
  const { restorer } = requireKind(deps, kind)
  if (restorer !== null) return restorer
  throw new BackupError('METHOD_UNSUPPORTED', `a member of the kind "${kind}" cannot be restored`)
}

/** Whether the member is written into the source that is there, so that nothing of it is kept aside. */
export function isWrittenInto (deps: EngineDeps, { kind, mode }: Pick<RestoredMember, 'kind' | 'mode'>): boolean {
  return requireKind(deps, kind).modes.some(({ name, needsSource }) => name === mode && needsSource)
}

/** Whether there is something at the target of a member. */
export async function isThere (
  deps: Pick<EngineDeps, 'kinds'>,
  { kind, target }: Pick<RestoredMember, 'kind' | 'target'>
): Promise<boolean> {
  const { targets } = requireKind(deps, kind)
  if (targets !== undefined) return await targets.exists(target, cleanupSignal())
  return await lstat(target).then(() => true, () => false)
}

const IS_OLD: readonly MemberState[] = ['waiting', 'undone']

/** Whether each member has the content from before the restore. */
export function isAllPrevious (members: readonly RestoredMember[]): boolean {
  return members.every(({ state }) => IS_OLD.includes(state))
}

/**
 * Puts the previous content of all members back in place, the last one first. May be repeated after a crash. Rejects
 * where one cannot be put back: then those after it have their previous content, and the row has the state of each.
 */
export async function undoMembers (
  deps: EngineDeps,
  backupId: number,
  record: MemberRecord,
  signal: AbortSignal
): Promise<void> {
  for (const [index, member] of [...record.members.entries()].toReversed()) {
    if (IS_OLD.includes(member.state)) continue
    await record.change(index, { state: 'undoing' })
    await undoMember(deps, backupId, member, signal)
    await record.change(index, { state: 'undone', aside: null })
  }
}

async function undoMember (
  deps: EngineDeps,
  backupId: number,
  member: RestoredMember,
  signal: AbortSignal
): Promise<void> {
  const { name, mode, target, aside, hadContent, safetyBackupId } = member
  const restorer = restorerOf(deps, member)
  if (mode === 'file') {
    if (aside !== null) await restorer.settle(target, aside)
    // What gave way to it before is gone, and what has failed has left it as it was.
    if (!hadContent && await isThere(deps, member)) await restorer.discard(target)
  } else if (!isWrittenInto(deps, member)) {
    if (aside !== null) await restorer.revert(target, aside, hadContent)
  } else if (safetyBackupId !== null) {
    const content = await contentOf(deps, backupId, member, signal)
    if (content === 'previous' || content === 'same') return
    await readMember(deps, safetyBackupId, name, signal, async restorable => {
      const placement = { mode, path: target, overwrite: false, timeout: TIMEOUT, aside: aside ?? target }
      for (const part of restorer.needs(placement).files) {
        await restorable.links.at(-1)?.images.file(part, signal)
      }
      await restorer.place(restorable, placement, () => {}, signal)
    })
  }
}
