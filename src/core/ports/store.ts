import type { Readable } from 'node:stream'
import type { Tier } from '../tier.ts'

/** What the landing store, BACKUP_DIR, is called wherever stores have names. */
export const LANDING_STORE = 'local'

export interface ObjectFacts {
  /** Length of the body in bytes, where it is known beforehand: a body that is shorter or longer is then an error. */
  readonly size?: number
  /** Put it in the place of an object of the same name, atomically: for manifests whose description changed. */
  readonly replace?: boolean
  /**
   * SHA-256 of the body in hex, where it is known beforehand: a store that can holds the body to it, and keeps it with
   * the object.
   */
  readonly sha256?: string
  /**
   * The tier of the backup, by which a store may choose its storage class; null: the backup has none. Left out: what is
   * put is read often, such as a manifest.
   */
  readonly tier?: Tier | null
  /** No user may remove or change the object before this time, where the store has object locks. */
  readonly retainUntil?: Date
}

export interface StoredObject {
  readonly key: string
  readonly size: number
  readonly modifiedAt: Date
  /** Set where the object cannot be read at once: it is in a cold storage class. */
  readonly archived?: Archived
}

export interface Archived {
  /** The store's own name of the storage class. */
  readonly storageClass: string
  /** Whether it was asked for already. */
  readonly isThawing: boolean
  /** How long it takes from the asking until it can be read, at most, in hours. */
  readonly hours: number
}

/** What a store says of itself; null: it cannot be found out. */
export interface StoreFeatures {
  /** Old versions of objects that are overwritten or removed are kept. */
  readonly versioning: boolean | null
  /** Objects can be locked against removal for a time. */
  readonly objectLock: boolean | null
  /** How far the store's clock is ahead of ours, in milliseconds. */
  readonly clockAhead: number | null
}

/** What has the name of an object and is none that may be read. */
export interface OddObject {
  readonly key: string
  /** For people. */
  readonly reason: string
}

/** Bytes `start` to `end`, both included, counted from 0. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

export interface Space {
  readonly free: number
  readonly total: number
}

/**
 * A place where objects are kept. test/suites/store-suite.ts checks each promise on every kind.
 *
 * Keys are relative paths with `/` between their parts. An aborted signal stops the work and rejects. Errors are
 * BackupErrors: `OBJECT_NOT_FOUND`, `OBJECT_EXISTS`, `OBJECT_REFUSED` (a symbolic link, a pipe, a device), `DISK_FULL`,
 * `STORE_UNAVAILABLE` (not reachable, no permission), `STORE_FAILED` (anything else the technology reports); an error
 * of the body passes through as it is.
 */
export interface Store {
  readonly name: string
  /** `local`, `s3`, …: what its technology is called in configurations. */
  readonly kind: string
  /**
   * Set where it is a directory of this machine's file system: another one may stand at its path from one moment to the
   * next, and an error says whether it is gone.
   */
  readonly isDirectory?: true
  /** Where it is, for people. */
  readonly place: string
  /** Makes the place ready, removes what an earlier process left half written, and proves that it can be written to. */
  open(signal: AbortSignal): Promise<void>
  /**
   * Atomic, and never overwrites (`OBJECT_EXISTS`) unless told to `replace`: the object is readable, listed and durable
   * once this resolves, and a body that errors, or misses its size or its digest, leaves nothing behind. What the store
   * tells of the object afterwards (length, checksum) was held against what was sent.
   */
  put(key: string, body: Readable, facts: ObjectFacts, signal: AbortSignal): Promise<StoredObject>
  /**
   * An object in a cold storage class rejects with `OBJECT_ARCHIVED`. A body that stops short of its length errors, it
   * does not end.
   */
  get(key: string, range: ByteRange | undefined, signal: AbortSignal): Promise<Readable>
  stat(key: string, signal: AbortSignal): Promise<StoredObject>
  /** Every object whose key starts with `prefix`, in the order of keys; unfinished ones are never among them. */
  list(prefix: string, signal: AbortSignal): AsyncIterable<StoredObject>
  /**
   * Durable once it resolves: the object is not there any more, whatever the store answered. Removing what is not there
   * succeeds, so that it may be repeated. `OBJECT_LOCKED` where the store keeps it against everybody until a set time.
   */
  remove(key: string, signal: AbortSignal): Promise<void>
  /** Where an object is, for people and for tools. */
  location(key: string): string
  /**
   * The object as a file that can be read in place and must not be written to, where the store has it as one. Rejects
   * with `OBJECT_REFUSED`.
   */
  file(key: string, signal: AbortSignal): Promise<string | undefined>
  /**
   * What lies among the objects and is never listed or read, because it is no regular file. Stores that hold nothing
   * else have none.
   */
  readonly odd?: (signal: AbortSignal) => Promise<readonly OddObject[]>
  /** What the store says of itself. Changes nothing. */
  features(signal: AbortSignal): Promise<StoreFeatures>
  /**
   * Asks for an object of a cold storage class to be made readable for `days` days. May be repeated. Stores without
   * such classes have none.
   */
  readonly thaw?: (key: string, days: number, signal: AbortSignal) => Promise<void>
}

/** The store in which backups land: on a disk of this machine. */
export interface LandingStore extends Store {
  /**
   * Atomic, durable, never overwrites (`OBJECT_EXISTS`). Repeated after a crash it finishes what the crash cut short.
   */
  move(from: string, to: string, signal: AbortSignal): Promise<void>
  /** Room left, or undefined where the technology knows no bound. */
  space(signal: AbortSignal): Promise<Space | undefined>
}
