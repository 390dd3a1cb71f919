import type { Clock } from '../../core/clock.ts'

export interface GcsStoreOptions {
  readonly name: string
  readonly bucket: string
  /** Before every key: empty, or with a `/` at its end. */
  readonly prefix: string
  /** A service account's JSON; undefined: whatever the chain of the SDK finds. */
  readonly keyFile: string | undefined
  /** undefined: Google itself. Another one is asked without credentials unless there is a `keyFile`. */
  readonly endpoint: string | undefined
  readonly clock: Clock
}
