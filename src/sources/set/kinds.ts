import type { Manifest } from '../../core/backup/manifest.ts'
import { memberManifest, requireMember, setDetailsOf, type SetDetails } from '../../core/backup/members.ts'
import { BackupError } from '../../core/errors.ts'
import type { KindContext, LoadedKind } from '../../core/ports/source-kind.ts'
import type { SnapshotFacts } from '../../core/ports/source.ts'

export type KindNamed = KindContext['kindNamed']

/** Throws `METHOD_UNSUPPORTED` for a kind that this version does not have. */
export function requireKindOf (kindNamed: KindNamed, name: string): LoadedKind {
  const found = kindNamed(name)
  if (found !== undefined) return found
  throw new BackupError('METHOD_UNSUPPORTED', `this version does not know sources of the kind "${name}"`, {
    hint: 'Use the version that made the backup, or a newer one.'
  })
}

/** Throws `MANIFEST_INVALID` for facts that are not those of a set. */
export function requireSet (facts: SnapshotFacts): SetDetails {
  const found = setDetailsOf({ facts })
  if (found !== null) return found
  throw new BackupError('MANIFEST_INVALID', 'the manifest of the set does not name its members')
}

/** Each member of the last backup of a chain, with its own manifests in the chain. */
export function memberManifests (chain: readonly Manifest[]): ReadonlyArray<
  { readonly kind: string, readonly manifests: readonly Manifest[] }
> {
  const last = chain.at(-1)
  if (last === undefined) return []
  return requireSet(last.facts).members.map(({ name, kind }) => ({
    kind,
    manifests: chain.map(manifest => memberManifest(manifest, requireMember(requireSet(manifest.facts), name)))
  }))
}
