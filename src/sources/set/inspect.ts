import { memberImages, requireMember, type SetDetails } from '../../core/backup/members.ts'
import type { PlainImages } from '../../core/ports/images.ts'
import type { Inspector } from '../../core/ports/source.ts'
import type { Check } from '../../core/ports/verification.ts'
import { memberCheck, MEMBERS_CHECK, SET_CHECKS } from './checks.ts'
import { requireKindOf, requireSet, type KindNamed } from './kinds.ts'
import { checkReferences, type ReferenceMember } from './references.ts'

/** Verifies backups of sets: each member by the inspector of its kind, one after the other. */
export function setInspector (kindNamed: KindNamed): Inspector {
  return {
    checks: SET_CHECKS,

    async inspect (images, expected, signal) {
      if (expected === null) {
        return [{ name: MEMBERS_CHECK, status: 'skipped', reason: 'without its manifest the members are not known' }]
      }
      const details = requireSet(expected)
      const found: MemberChecks[] = []
      for (const member of details.members) {
        const { inspector } = requireKindOf(kindNamed, member.kind)
        const checks = await inspector.inspect(memberImages(images, member), member.facts, signal)
        found.push({ member: member.name, checks, opening: inspector.checks })
      }
      return await withReferences(summed(found), { details, images, kindNamed }, signal)
    }
  }
}

/** What the references of a backup are checked on. */
export interface Referring {
  readonly details: SetDetails
  /** Of the last link of the chain. */
  readonly images: PlainImages
  readonly kindNamed: KindNamed
}

/** The checks of the members, and that of the references of the set where no member is damaged. */
export async function withReferences (
  checks: readonly Check[],
  { details, images, kindNamed }: Referring,
  signal: AbortSignal
): Promise<readonly Check[]> {
  if (checks.some(({ name, status }) => name === MEMBERS_CHECK && status !== 'pass')) return checks
  const memberOf = (name: string): ReferenceMember => {
    const member = requireMember(details, name)
    const kind = requireKindOf(kindNamed, member.kind)
    return { kind, images: memberImages(images, member), location: member.location }
  }
  return [...checks, await checkReferences(details.references, memberOf, signal)]
}

/** The checks of one member, and which of them show that its content can be used. */
export interface MemberChecks {
  readonly member: string
  readonly checks: readonly Check[]
  readonly opening: Inspector['checks']
}

/** All checks under names of the set, and the one that all members are good. */
export function summed (found: readonly MemberChecks[]): readonly Check[] {
  const named = found.flatMap(({ member, checks }) =>
    checks.map(check => ({ ...check, name: memberCheck(member, check.name) }))
  )
  const wrong = named.find(({ status }) => status === 'fail')
  const unopened = found.find(({ checks, opening }) =>
    !checks.some(({ name, status }) =>
      status === 'pass' && opening.some(level => level.name === name && level.opensContent)
    )
  )
  if (wrong !== undefined) {
    return [...named, { name: MEMBERS_CHECK, status: 'fail', reason: `${wrong.name}: ${wrong.reason ?? 'failed'}` }]
  }
  if (unopened !== undefined) {
    return [...named, { name: MEMBERS_CHECK, status: 'skipped', reason: `"${unopened.member}" could not be opened` }]
  }
  return [...named, { name: MEMBERS_CHECK, status: 'pass', reason: found.map(({ member }) => member).join(', ') }]
}
