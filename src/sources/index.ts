import { BackupError } from '../core/errors.ts'
import type { SourceKind } from '../core/ports/source-kind.ts'
import { sqlite } from './sqlite/kind.ts'

/** Every kind of source. The first is that of a source without a `kind`, and of a file without a manifest. */
export const SOURCE_KINDS: readonly [SourceKind, ...SourceKind[]] = [sqlite]

/** The service's own catalog as a source: its kind, and what its fields hold. `path` is absolute. */
export function catalogSource (path: string): { readonly kind: SourceKind, readonly values: object } {
  return { kind: sqlite, values: { path } }
}

/** The kind of a source that was configured. Throws `INTERNAL` for a name that no kind has. */
export function sourceKindOf ({ kind }: { readonly kind: string }): SourceKind {
  const found = SOURCE_KINDS.find(({ name }) => name === kind)
  if (found === undefined) throw new BackupError('INTERNAL', `there is no kind of source "${kind}"`)
  return found
}
