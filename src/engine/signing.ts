import type { KeyObject } from 'node:crypto'
import { withSignature, writtenForm, type Manifest } from '../core/backup/manifest.ts'
import {
  authenticity,
  describeSignature,
  printableKey,
  signatureOf,
  signingKeyId,
  type Authenticity,
  type SignatureState
} from '../core/backup/signature.ts'
import { BackupError } from '../core/errors.ts'

export interface SigningOptions {
  /** The private key of this installation; undefined: none was made yet. */
  readonly read: () => KeyObject | undefined
  /** Makes it where there is none. */
  readonly ensure: () => KeyObject
  /** Public keys of other installations, in their printable form. */
  readonly trusted: readonly string[]
  /** Whether a backup must be signed by a trusted key to be used. */
  readonly isRequired: boolean
}

/** The public keys of the configuration; printable. */
export interface SigningKeys {
  /** Of this installation; null: it has made none yet. */
  readonly publicKey: string | null
  /** Of other installations. */
  readonly trusted: readonly string[]
  readonly isRequired: boolean
}

/** Signs manifests with the key of this installation, and judges those that are read. */
export class Signing {
  readonly #options: SigningOptions
  #key: KeyObject | undefined
  #publicKey: string | undefined

  constructor (options: SigningOptions) {
    this.#options = options
  }

  get keys (): SigningKeys {
    const { trusted, isRequired } = this.#options
    return { publicKey: this.#ownKey() ?? null, trusted, isRequired }
  }

  /** A manifest of this installation's own making. Throws `CONFIG_INVALID` where the key cannot be made or read. */
  sign (manifest: Manifest): Manifest {
    this.#key ??= this.#options.ensure()
    return withSignature(manifest, signatureOf(writtenForm(withSignature(manifest, undefined)), this.#key))
  }

  /**
   * An edited manifest: signed where the one before it was signed by a trusted key. An edit never vouches for what
   * nobody vouched for before: such a manifest may have been planted in the store.
   */
  signAgain (before: Manifest, after: Manifest): Manifest {
    return this.judge(before).state === 'signed' ? this.sign(after) : withSignature(after, undefined)
  }

  /** Checks the signature itself. */
  judge (manifest: Manifest): SignatureState {
    const key = manifest.signature?.key ?? null
    const trusted = new Set(key !== null && this.#isTrusted(key) ? [key] : [])
    return this.#stateOf(authenticity(writtenForm(manifest), trusted), key)
  }

  /** The state of a manifest whose signature was checked when it was read, by its key alone; null: not signed. */
  judgeKey (key: string | null): SignatureState {
    return this.#stateOf(key === null ? 'unsigned' : this.#isTrusted(key) ? 'signed' : 'unknown-key', key)
  }

  /** Throws `MANIFEST_UNSIGNED` where a trusted signature is required and this manifest has none. */
  require (manifest: Manifest): void {
    const signature = this.judge(manifest)
    if (!signature.isRefused) return
    const found = `the manifest of "${manifest.object.name}" is ${describeSignature(signature)}`
    throw new BackupError('MANIFEST_UNSIGNED', `${found}, and a signature by a trusted key is required`, {
      hint:
        'If you know that the backup is yours, add its key to BACKUP_TRUSTED_SIGNING_KEYS, or set BACKUP_REQUIRE_SIGNED=false.'
    })
  }

  #isTrusted (key: string): boolean {
    return this.#options.trusted.includes(key) || key === this.#ownKey()
  }

  /** Another process may have made it since it was last looked for. */
  #ownKey (): string | undefined {
    if (this.#publicKey !== undefined) return this.#publicKey
    this.#key ??= this.#options.read()
    if (this.#key !== undefined) this.#publicKey = printableKey(this.#key)
    return this.#publicKey
  }

  #stateOf (state: Authenticity, key: string | null): SignatureState {
    const isRefused = this.#options.isRequired && state !== 'signed'
    return { state, key, keyId: key === null ? null : signingKeyId(key), isRefused }
  }
}
