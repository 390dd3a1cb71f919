import type { PartialConfig, SessionKey } from 'openpgp'

/** The key of one stream: AES-256, as in `gpg --cipher-algo AES256`. */
export const SESSION_KEY_BYTES = 32

export function sessionKeyOf (data: Uint8Array): SessionKey {
  return { data, algorithm: 'aes256' }
}

/** The library checks no dates then: a key that has expired is still one, which one that is revoked is not. */
export const ANY_TIME = null as unknown as Date

/** What the thread does; keys each in armour of its own, the private ones without a passphrase. */
export type OpenpgpWork =
  | {
    readonly direction: 'encode'
    readonly sessionKey: Uint8Array
    readonly publicKeys: readonly string[]
    readonly passphrase: string | null
  }
  | { readonly direction: 'decode', readonly sessionKey: Uint8Array }
  | { readonly direction: 'decode', readonly privateKeys: readonly string[], readonly passphrase: string | null }

/** Why the thread gave up: no key fits, what it was given is not whole, or asks for more work than a backup does. */
export type OpenpgpFailure = 'key' | 'damage' | 'dear'

/** GnuPG 2.2 knows no newer protection than the modification code, a SHA-1 over everything that is encrypted. */
export const OPENPGP: PartialConfig = {
  aeadProtect: false,
  // The most that there is: 62 MiB of SHA-256 for each guess, as with GnuPG on a fast machine.
  s2kIterationCountByte: 255,
  // What comes out is held against its own digest, and counts for nothing before the end. Without it all of it would be
  // kept in memory.
  allowUnauthenticatedStream: true,
  // As the guard has it, which looks first.
  maxArgon2MemoryExponent: 18,
  showVersion: false,
  showComment: false
}
