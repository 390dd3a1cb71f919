import type { Readable } from 'node:stream'

export interface ObjectFacts {
  /** Length of the body in bytes, where it is known beforehand: a body that is shorter or longer is then an error. */
  readonly size?: number
  /** Put it in the place of an object of the same name, atomically: for manifests whose description changed. */
  readonly replace?: boolean
}

export interface StoredObject {
  readonly key: string
  readonly size: number
  readonly modifiedAt: Date
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
 * BackupErrors: `OBJECT_NOT_FOUND`, `OBJECT_EXISTS`, `DISK_FULL`, `STORE_UNAVAILABLE` (not reachable, no permission),
 * `STORE_FAILED` (anything else the technology reports); an error of the body passes through as it is.
 */
export interface Store {
  readonly name: string
  /** Where it is, for people. */
  readonly place: string
  /** Makes the place ready, removes what an earlier process left half written, and proves that it can be written to. */
  open (signal: AbortSignal): Promise<void>
  /**
   * Atomic, and never overwrites (`OBJECT_EXISTS`) unless told to `replace`: the object is readable, listed and durable once this resolves, and
   * a body that errors, or misses its size, leaves nothing behind.
   */
  put (key: string, body: Readable, facts: ObjectFacts, signal: AbortSignal): Promise<StoredObject>
  get (key: string, range: ByteRange | undefined, signal: AbortSignal): Promise<Readable>
  stat (key: string, signal: AbortSignal): Promise<StoredObject>
  /** Every object whose key starts with `prefix`, in the order of keys; unfinished ones are never among them. */
  list (prefix: string, signal: AbortSignal): AsyncIterable<StoredObject>
  /** Durable once it resolves. Removing what is not there succeeds, so that it may be repeated. */
  remove (key: string, signal: AbortSignal): Promise<void>
  /** Atomic, durable, never overwrites (`OBJECT_EXISTS`). Repeated after a crash it finishes what the crash cut short. */
  move (from: string, to: string, signal: AbortSignal): Promise<void>
  /** Room left, or undefined where the technology knows no bound. */
  space (signal: AbortSignal): Promise<Space | undefined>
  /** Where an object is, for people and for tools. */
  location (key: string): string
  /** The object as a file that can be read in place and must not be written to, where the store has it as one. */
  file (key: string): string | undefined
}
