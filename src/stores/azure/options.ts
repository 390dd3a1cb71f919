import type { Clock } from '../../core/clock.ts'
import type { Secret } from '../../core/secret.ts'

export interface AzureStoreOptions {
  readonly name: string
  readonly account: string
  /** One of the two keys of the account. */
  readonly key: Secret
  readonly container: string
  /** Before every key: empty, or with a `/` at its end. */
  readonly prefix: string
  /** undefined: the one that the account has at Azure. */
  readonly endpoint: string | undefined
  readonly clock: Clock
}
