import type { AuditLog } from '../core/catalog/audit.ts'
import type { EventBus } from '../core/event.ts'
import type { LoadedKind } from '../core/ports/source-kind.ts'
import type { Engine } from '../engine/engine.ts'

/** What is known of the configuration that a command works with. */
export interface Known {
  /** Whether a database is configured, beside the service's own catalog. */
  readonly hasDatabase: boolean
  /** Sources of which nobody said how their backups are sealed, so that they would be plain. */
  readonly unsaidSealing: readonly string[]
  /** Variables of secrets that the server has and this command does not. */
  readonly lacks: readonly string[]
}

/** The engine as the command line needs it. */
export interface Opened {
  readonly engine: Engine
  readonly events: Pick<EventBus, 'subscribe'>
  readonly audit: AuditLog
  readonly defaultSource: string
  /** The service's own catalog as a source. */
  readonly ownSource: string
  readonly known: Known
  /** The kinds of sources, by their names. */
  readonly kinds: ReadonlyMap<string, LoadedKind>
  /** Milliseconds that a removed backup waits in the trash. */
  readonly trashGrace: number
  readonly close: () => Promise<void>
}
