import type { Clock } from '../../core/clock.ts'
import type { Fields, FieldValues } from '../../core/ports/field.ts'
import type { SourceKind } from '../../core/ports/source-kind.ts'
import type { EngineDeps } from '../../engine/deps.ts'
import type { Engine } from '../../engine/engine.ts'
import type { PruneTiming } from '../../engine/status/alert-facts.ts'
import type { Finding } from './finding.ts'

/** What is examined: the service as it is configured, whether it runs or not. */
export interface DoctorContext {
  readonly backupDir: string
  readonly dataDir: string
  readonly scratchDir: string
  /** Bytes of free space that a backup must leave. */
  readonly diskReserve: number
  /** Milliseconds that a removed backup waits in the trash. */
  readonly trashGrace: number
  /** When what the rules no longer keep is removed. */
  readonly prune: PruneTiming
  /** The own catalog is not among them. */
  readonly sources: readonly ExaminedSource[]
  /** Names of the stores whose endpoint is `http:` on another machine. */
  readonly insecureStores: readonly string[]
  /** Files that hold secrets, each with what it holds. */
  readonly secretFiles: readonly SecretFile[]
  /** Variables of secrets that the server has and this command does not. */
  readonly lacks: readonly string[]
  /** What the configuration says and has no effect. */
  readonly notices: ReadonlyArray<{ readonly name: string, readonly problem: string, readonly remedy: string }>
  readonly requireTokenExpiry: boolean
  readonly versions: { readonly holdfast: string, readonly node: string, readonly sqlite: string }
  /** The server that runs on `dataDir`; undefined: none. */
  readonly findServer: () => { readonly pid: number, readonly host: string, readonly since: string } | undefined
  /** A command of the system that tells whether the clock is kept right. */
  readonly timeCommand: string
  readonly clock: Clock
}

/** A source, with its kind and what its fields hold. */
export interface ExaminedSource {
  readonly name: string
  readonly kind: Pick<SourceKind, 'noun' | 'paths' | 'size' | 'examinations'>
  readonly values: FieldValues<Fields>
}

export interface SecretFile {
  readonly path: string
  /** `JWT_SECRET` and the like. */
  readonly holds: readonly string[]
}

/** What the catalog remembers, read from a copy of it. */
export interface CatalogSnapshot {
  readonly engine: Pick<Engine, 'sources' | 'backups' | 'destinations' | 'jobs'>
  readonly deps: EngineDeps
}

/** One thing that is looked at. `memory` is undefined where the catalog could not be read. Changes nothing. */
export type Examination = (context: DoctorContext, snapshot: CatalogSnapshot | undefined) => Promise<readonly Finding[]>

export const NO_SNAPSHOT = 'no readable catalog'
