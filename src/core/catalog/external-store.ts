/** A store that was given by its URL alone, to take over what is in it. It is read from, and never written to. */
export interface ExternalStore {
  /** What the copies there call their store. */
  readonly name: string
  /** Without anything secret. */
  readonly url: string
  readonly since: Date
}

/** `places`. */
export interface ExternalStoreLog {
  /** In the order of their names. */
  list(): Promise<readonly ExternalStore[]>
  /**
   * Under `name`, or that with a number where it is one of `taken` or any copy calls its store so. What is remembered
   * already keeps its name.
   */
  remember(store: ExternalStore, taken: readonly string[]): Promise<ExternalStore>
  /** The store `to` is at that place from now on, and has the copies that are known of there. */
  handOver(name: string, to: string): Promise<void>
}
