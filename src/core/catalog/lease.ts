/** Something that one piece of work has for itself, and whose it is. */
export interface Lease {
  readonly name: string
  /** null: no job of its own took it. */
  readonly jobId: number | null
}

/**
 * What processes have for themselves, by name. A lease ends with the process that took it, however that ends. Between
 * pieces of work of one process nothing is kept apart here: that is `Locks`' part.
 */
export interface LeaseLog {
  /** Takes all of `names`, or none where another process has one: resolves with that one then. */
  take(names: readonly string[], jobId: number | null): Promise<Lease | undefined>
  /** Gives back what this process has of `names`. */
  release(names: readonly string[]): Promise<void>
  /** What other processes have now. */
  foreign(): Promise<readonly Lease[]>
  /** Gives back what this process took and no longer holds, because a release could not be written down. */
  keepOnly(isHeld: (name: string) => boolean): Promise<void>
}
