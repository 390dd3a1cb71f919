import type { FieldValues } from '../../core/ports/field.ts'
import type { KindContext, KindTools } from '../../core/ports/source-kind.ts'
import type { Inspector } from '../../core/ports/source.ts'
import type { Rehearser } from '../../core/restore/rehearsal.ts'
import { SET_CHECKS } from './checks.ts'
import type { ResolvedSet, SET_FIELDS } from './fields.ts'
import { memberManifests, requireKindOf } from './kinds.ts'
import { setSource } from './source.ts'

/**
 * What reads and verifies sets, through the kinds of their members. Every command that opens the engine loads this:
 * what works on backups is loaded when it is called.
 */
export function setTools ({ kindNamed }: KindContext): KindTools<typeof SET_FIELDS> {
  const inspector: Inspector = {
    checks: SET_CHECKS,
    inspect: async (...args) => await (await import('./inspect.ts')).setInspector(kindNamed).inspect(...args)
  }
  const rehearser: Rehearser = {
    space: chain =>
      memberManifests(chain).reduce(
        (sum, { kind, manifests }) => sum + requireKindOf(kindNamed, kind).rehearser.space(manifests),
        0
      ),
    rehearse: async (...args) => await (await import('./rehearse.ts')).setRehearser(kindNamed).rehearse(...args)
  }
  return {
    source: (name, values: FieldValues<typeof SET_FIELDS>) =>
      setSource(name, values as unknown as ResolvedSet, kindNamed),
    inspector,
    restorer: null,
    rehearser,
    rows: null,
    tree: null,
    query: null,
    export: null
  }
}
