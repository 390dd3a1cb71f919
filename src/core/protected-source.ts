import type { Hooks } from './hooks.ts'
import type { Source } from './ports/source.ts'
import type { Assertion } from './restore/drill.ts'
import type { SourceOverrides } from './schedule/policy.ts'

/** A source with what its own configuration says; the rest comes from the settings. */
export interface ProtectedSource {
  readonly source: Source
  readonly policy: SourceOverrides
  /** What a drill holds its backups against. */
  readonly assertions: readonly Assertion[]
  /** Commands before and after it is read; they come from the configuration alone. */
  readonly hooks: Hooks
  /** The names of the sources of which it consists; empty: it is no set. */
  readonly members: readonly string[]
}
