import type { Duplex } from 'node:stream'

export const ENCRYPTIONS = ['none', 'age', 'openpgp'] as const
/** How the stored bytes are encrypted: by age (https://age-encryption.org/v1), or by OpenPGP (RFC 9580). */
export type Encryption = typeof ENCRYPTIONS[number]
export type Sealing = Exclude<Encryption, 'none'>

/** What each adds to a file's name, after what the compression adds. */
export const SEAL_EXTENSIONS: Readonly<Record<Sealing, string>> = { age: '.age', openpgp: '.gpg' }

/** The id of every passphrase. It says nothing of the passphrase, not even whether it is still the same. */
export const PASSPHRASE_KEY = 'passphrase'

/** Turns sealed bytes into what was sealed. */
export interface Opener {
  /**
   * Authenticated to the last byte: errors with `DECODE_FAILED`, and `check: 'decryption'` in its details, on bytes
   * that are damaged, cut short or followed by others, and with `KEY_MISSING` where no key fits. Bounds its memory
   * whatever the length. What comes out before the end may only be trusted once the end has come.
   */
  decode(): Duplex
}

/**
 * One object on its way to be sealed. Its `decode` opens what `encode` wrote by the key of that one object, which is
 * remembered here and nowhere else: no private key is needed.
 */
export interface Seal extends Opener {
  encode(): Duplex
}

/** Seals new backups. */
export interface Cipher {
  readonly encryption: Sealing
  readonly extension: string
  /** Ids of the keys, each of which opens what is sealed. */
  readonly keys: readonly string[]
  /** For one object; another one gets another. */
  seal(): Seal
}

/** How the backups of one source are sealed. */
export interface SourceSealing {
  readonly encryption: Encryption
  /** For age; none: with the passphrase. */
  readonly ageRecipients: readonly string[]
}

/** A key that is configured here. */
export interface HeldKey {
  /** age: the recipient; OpenPGP: the fingerprint, in hex; or `PASSPHRASE_KEY`. */
  readonly id: string
  readonly encryption: Sealing
  /** Whether what is sealed to it can be opened here. */
  readonly isPrivate: boolean
  /** Whether new backups of any source are sealed to it. */
  readonly isInUse: boolean
  /** OpenPGP: when it expires, which keeps nothing from being sealed to it or opened; absent: never. */
  readonly expiresAt?: Date
}

/** So long before a key expires that is told. Milliseconds. */
export const EXPIRY_NOTICE = 30 * 86_400_000

export interface Keyring {
  readonly keys: readonly HeldKey[]
  /**
   * What seals new backups of the source; null: nothing does. Throws `SECRET_MISSING` where the key is known to the
   * server alone.
   */
  cipherOf(source: string): Cipher | null
  /**
   * What opens bytes that were sealed to any of `keys`; undefined: none of them is here. `keys` left out: nothing says
   * to which, and every key that is here is tried.
   */
  openerOf(encryption: Sealing, keys?: readonly string[]): Opener | undefined
}
