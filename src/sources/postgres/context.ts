import type { KindContext } from '../../core/ports/source-kind.ts'

/** What the tools of the kind are given. */
export interface PostgresContext extends Pick<KindContext, 'scratchDir' | 'limits'> {
  /** Directories of the programs of PostgreSQL; empty: where packages have them. */
  readonly programs: readonly string[]
  /** The user as whom the server of a drill runs where the service runs as root; undefined: not configured. */
  readonly runAs: string | undefined
}
