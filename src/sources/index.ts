import type { SourceKind } from '../core/ports/source-kind.ts'
import { sqlite } from './sqlite/kind.ts'

/**
 * Every kind of source. The first is that of a source without a `kind`, of a file without a manifest, and of the
 * service's own catalog.
 */
export const SOURCE_KINDS: readonly [SourceKind, ...SourceKind[]] = [sqlite]
