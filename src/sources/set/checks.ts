import type { CheckDefinition } from '../../core/ports/verification.ts'

/** The check that all members of a set passed their own checks. */
export const MEMBERS_CHECK = 'members'

/** The check that each file that a row of a member names is in the backup of another member. */
export const REFERENCES_CHECK = 'references'

/** The levels of a set, in addition to those of its members, whose names begin with the name of the member. */
export const SET_CHECKS: readonly CheckDefinition[] = [
  {
    name: MEMBERS_CHECK,
    opensContent: true,
    remedy: 'Create a new backup of the set. Until then, restore an older one, or the members that are not damaged.'
  },
  { name: REFERENCES_CHECK, opensContent: false, remedy: 'Use an older backup, and create a new one.' }
]

/** The name of a check of a member: `audit/integrity_check`. */
export function memberCheck (member: string, check: string): string {
  return `${member}/${check}`
}
