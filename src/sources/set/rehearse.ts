import { memberChain } from '../../core/backup/members.ts'
import { lastLink } from '../../core/restore/restorable.ts'
import type { Rehearsal, Rehearser } from '../../core/restore/rehearsal.ts'
import { memberCheck } from './checks.ts'
import { summed, withReferences, type MemberChecks } from './inspect.ts'
import { requireKindOf, requireSet, type KindNamed } from './kinds.ts'

interface Standing {
  readonly member: string
  readonly kind: string
  readonly rehearsal: Rehearsal
}

/** Restores backups of sets for a drill: all members stand at the same time. */
export function setRehearser (kindNamed: KindNamed): Pick<Rehearser, 'rehearse'> {
  return {
    async rehearse (restorable, signal) {
      const { manifest, images } = lastLink(restorable)
      const details = requireSet(manifest.facts)
      const standing: Standing[] = []
      const close = async (): Promise<void> => {
        for (const { rehearsal } of standing.splice(0).toReversed()) await rehearsal.close()
      }
      try {
        for (const { name, kind } of details.members) {
          const { rehearser } = requireKindOf(kindNamed, kind)
          standing.push({
            member: name,
            kind,
            rehearsal: await rehearser.rehearse(memberChain(restorable, name), signal)
          })
        }
      } catch (error) {
        await close()
        throw error
      }
      return {
        async checks (signal) {
          const found: MemberChecks[] = []
          for (const { member, kind, rehearsal } of standing) {
            const { inspector } = requireKindOf(kindNamed, kind)
            found.push({ member, checks: await rehearsal.checks(signal), opening: inspector.checks })
          }
          return await withReferences(summed(found), { details, images, kindNamed }, signal)
        },

        async assess (assertions, at, signal) {
          const results = []
          for (const { member, rehearsal } of standing) {
            const prefix = memberCheck(member, '')
            const own = assertions.filter(({ name }) => name.startsWith(prefix)).map(assertion => ({
              ...assertion,
              name: assertion.name.slice(prefix.length)
            }))
            if (own.length === 0) continue
            const assessed = await rehearsal.assess(own, at, signal)
            results.push(...assessed.map(result => ({ ...result, name: prefix + result.name })))
          }
          return results
        },

        close
      }
    }
  }
}
