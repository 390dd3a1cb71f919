import type { Restore, RestoredMember } from '../../../core/restore/restore.ts'
import type { EngineDeps } from '../../deps.ts'
import { contentOf } from './member-content.ts'
import { discardAsides } from './restore-set.ts'
import { isThere, isWrittenInto, memberRecord, restorerOf, undoMembers } from './undo-members.ts'

/**
 * Decides a restore of members of a set whose process ended: where all of them are placed they stay, otherwise the
 * previous content of each is put back. May be repeated: after a crash it goes on. Rejects where a member can be
 * neither; then the row stays as it is. The caller holds the locks of the restore.
 */
export async function settleSet (deps: EngineDeps, restore: Restore): Promise<Restore> {
  const { id, backupId } = restore
  const { signal } = new AbortController()
  const record = memberRecord(deps, restore)
  const isRestored = await isAllPlaced(deps, backupId, record.members, signal)
  if (isRestored) {
    for (const [index, member] of record.members.entries()) {
      const isKept = member.hadContent && member.mode !== 'file' && !isWrittenInto(deps, member)
      await record.change(index, { state: 'placed', ...!isKept && { aside: null } })
    }
    await discardAsides(deps, record)
  } else {
    await undoMembers(deps, backupId, record, signal)
  }
  const failed = await deps.catalog.restores.fail(id, {
    code: 'INTERRUPTED',
    message: messageOf(restore, isRestored),
    aside: null,
    at: deps.clock.now()
  })
  deps.events.emit({ type: 'restore.failed', restore: failed, code: 'INTERRUPTED' })
  return failed
}

async function isAllPlaced (
  deps: EngineDeps,
  backupId: number,
  members: readonly RestoredMember[],
  signal: AbortSignal
): Promise<boolean> {
  if (!members.every(({ state }) => state === 'placing' || state === 'placed')) return false
  for (const member of members) {
    if (member.state === 'placing' && !await isPlaced(deps, backupId, member, signal)) return false
  }
  return true
}

async function isPlaced (
  deps: EngineDeps,
  backupId: number,
  member: RestoredMember,
  signal: AbortSignal
): Promise<boolean> {
  const { target, aside, hadContent } = member
  if (isWrittenInto(deps, member)) return ['restored', 'same'].includes(await contentOf(deps, backupId, member, signal))
  const isKept = aside !== null && await restorerOf(deps, member).settle(target, aside)
  if (hadContent) return isKept
  return await isThere(deps, member)
}

function messageOf ({ members }: Restore, isRestored: boolean): string {
  if (isRestored) return 'interrupted: the service ended after the backup was restored'
  return members.some(({ mode, hadContent }) => mode === 'file' && hadContent)
    ? 'interrupted: the service ended during the restore; the target is either unchanged or completely restored'
    : 'interrupted: the service ended during the restore; every member has its previous content'
}
