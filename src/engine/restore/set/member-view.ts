import type { Backup } from '../../../core/backup/backup.ts'
import type { Manifest } from '../../../core/backup/manifest.ts'
import { memberManifest, requireMember, setDetailsOf, type Member } from '../../../core/backup/members.ts'
import { BackupError } from '../../../core/errors.ts'

/** What a backup has of one source. */
export interface MemberView {
  /** Of the member, or of the backup itself. */
  readonly manifest: Manifest
  /** null: it is a backup of one source. */
  readonly member: Member | null
}

/**
 * The member with this name of the backup of a set, or the backup of one source itself. Throws `VALIDATION_FAILED` for
 * the backup of a set without the name of a member, with one that it does not have, and for a member of a backup of one
 * source.
 */
export function viewOf ({ id }: Pick<Backup, 'id'>, manifest: Manifest, wanted: string | undefined): MemberView {
  const details = setDetailsOf(manifest)
  if (details === null) {
    if (wanted === undefined) return { manifest, member: null }
    throw new BackupError('VALIDATION_FAILED', `"member" is "${wanted}", and backup ${id} is not one of a set`, {
      hint: 'Omit "member".'
    })
  }
  if (wanted === undefined) {
    throw new BackupError('VALIDATION_FAILED', `backup ${id} is one of a set, and no member is named`, {
      hint: `Name one in "member": ${details.members.map(({ name }) => `"${name}"`).join(', ')}.`
    })
  }
  const member = requireMember(details, wanted)
  return { manifest: memberManifest(manifest, member), member }
}
