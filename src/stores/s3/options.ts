import type { Clock } from '../../core/clock.ts'
import type { Secret } from '../../core/secret.ts'
import type { Tier } from '../../core/tier.ts'

export interface S3StoreOptions {
  readonly name: string
  readonly bucket: string
  /** Before every key: empty, or with a `/` at its end. */
  readonly prefix: string
  readonly region: string
  /** undefined: AWS itself. */
  readonly endpoint: string | undefined
  readonly pathStyle: boolean
  /**
   * `aws`: CRC-32 over each part and over the whole object. `compatible`: for look-alikes that do not know it, MD5 of
   * each part, and a question whether a name is free before it is taken, where the store cannot do both at once.
   */
  readonly profile: 'aws' | 'compatible'
  /** undefined: whatever the chain of the SDK finds. */
  readonly credentials: S3Credentials | undefined
  /** By the tier of a backup; `default` for those without one. */
  readonly storageClasses: Readonly<Partial<Record<Tier | 'default', string>>>
  readonly encryption: 'AES256' | 'aws:kms' | null
  readonly kmsKeyId: string | undefined
  readonly lock: 'governance' | 'compliance' | null
  readonly clock: Clock
  /** HTTP_PROXY, HTTPS_PROXY and NO_PROXY, by these names. Default: requests go straight to the endpoint. */
  readonly proxy?: Readonly<Record<string, string>> | undefined
  /** Milliseconds that a connection may be silent before its request counts as failed. Default: a minute. */
  readonly idleTimeout?: number
}

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: Secret
  readonly sessionToken?: Secret
}
