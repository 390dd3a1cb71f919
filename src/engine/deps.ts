import type { Catalog } from '../core/catalog/catalog.ts'
import type { Clock } from '../core/clock.ts'
import type { EventSink } from '../core/event.ts'
import type { RunCommand } from '../core/hooks.ts'
import type { Keyring } from '../core/ports/encryption.ts'
import type { LoadedKind } from '../core/ports/source-kind.ts'
import type { LandingStore, Store } from '../core/ports/store.ts'
import type { ProtectedSource } from '../core/protected-source.ts'
import type { RetentionRules } from '../core/retention/rules.ts'
import type { Calendar } from '../core/schedule/schedule.ts'
import type { Codecs } from '../pipeline/codecs.ts'
import type { Scratch } from '../pipeline/scratch.ts'
import type { Runner } from './jobs/runner.ts'
import type { LiveSettings } from './live-settings.ts'
import type { Ownership } from './ownership.ts'
import type { Signing } from './signing.ts'

/** A store to which backups are copied once they have landed, with what is to be done there. */
export interface OffsiteStore {
  readonly store: Store
  /** How long the copies of scheduled backups stay there; null: as long as the backup stays in the landing store. */
  readonly retention: RetentionRules | null
  /** How many copies of each source stay there at most; null: no limit of its own. */
  readonly maxBackups: number | null
  /** Nothing is ever removed or overwritten there by us: lifecycle rules or another identity see to that. */
  readonly isAppendOnly: boolean
  /** Whether copies are locked against removal until retention would let them go. */
  readonly hasLock: boolean
  /** Bytes a second that an upload may take; null: no limit. */
  readonly bandwidth: number | null
}

export interface PathOwner {
  /** The source that is there; null: the path is the service's own. */
  readonly source: string | null
  /** `the catalog`, `the database of the source "shop"`, `in the data directory`, `a directory that contains …`. */
  readonly what: string
  /** Whether the path is that place, or a file that belongs next to it; false: it is in it, or contains it. */
  readonly isItself: boolean
}

/** What a URL names: `s3://bucket/prefix`, `file:///mnt/disk`. */
export interface LocatedStore {
  readonly kind: string
  /** The same place in the one way in which it is written, without anything secret. */
  readonly url: string
  /** The store of ours that is there. */
  readonly known: Store | undefined
  /** Makes the store, and opens nothing. */
  readonly make: (name: string) => Promise<Store>
}

/** Everything a verb works with. Verbs are functions of this; app/wiring.ts makes it. */
export interface EngineDeps {
  readonly sources: ReadonlyMap<string, ProtectedSource>
  readonly defaultSource: string
  /** By name: also those of sources that are no longer configured. `requireKind` looks one up. */
  readonly kinds: ReadonlyMap<string, LoadedKind>
  /**
   * The owner of `path`: of a file or directory of the service or of a source, of what is in one, and of a directory
   * that contains one. undefined: free. Restores refuse owned paths.
   */
  readonly ownerOf: (path: string) => Promise<PathOwner | undefined>
  /** Absolute paths of the directories in which a caller without a shell may have something restored. */
  readonly restoreDirs: readonly string[]
  /** The landing store: a backup is there first. */
  readonly store: LandingStore
  /** By name. */
  readonly offsite: ReadonlyMap<string, OffsiteStore>
  /** Whose the stores are. */
  readonly ownership: Pick<Ownership, 'identity' | 'troubles' | 'inspect' | 'require' | 'takeOver' | 'begin'>
  /** Who vouches for manifests. */
  readonly signing: Signing
  /**
   * By name: stores that were given by their URL alone, as the catalog remembers them. They are read from; nothing is
   * ever written or removed there.
   */
  readonly externalStores: Map<string, Store>
  /** Throws `VALIDATION_FAILED` for what names no store, or one that we have no credentials for. */
  readonly locate: (url: string) => LocatedStore
  readonly codecs: Codecs
  readonly keyring: Keyring
  readonly scratch: Scratch
  /** Whether scratch directory and store draw on the same free space. */
  readonly isScratchOnStoreDisk: () => Promise<boolean>
  readonly catalog: Catalog
  readonly settings: LiveSettings
  readonly runner: Runner
  /** Runs the hooks of sources. */
  readonly runCommand: RunCommand
  readonly events: EventSink
  readonly clock: Clock
  readonly calendar: Calendar
  /** Runs may begin so much later than they are due. Milliseconds. */
  readonly scheduleJitter: number
  /** Bytes of free space that a backup must leave. */
  readonly diskReserve: number
  /** Milliseconds that a removed backup waits in the trash. */
  readonly trashGrace: number
  /** Milliseconds that the audit log remembers. */
  readonly auditRetention: number
}
