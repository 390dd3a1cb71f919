import { randomBytes } from 'node:crypto'
import { extname } from 'node:path'
import type { Duplex } from 'node:stream'
import { PASSPHRASE_KEY, SEAL_EXTENSIONS, type Cipher, type Opener } from '../core/ports/encryption.ts'
import { SESSION_KEY_BYTES, type OpenpgpFailure, type OpenpgpWork } from './openpgp-work.ts'
import { threadStage } from './thread-stage.ts'
import { noKeyFits, undecryptable } from './undecryptable.ts'

/**
 * Whom a message is sealed to: public keys, each in armour of its own, with their fingerprints, or else a passphrase.
 */
export type OpenpgpRecipients =
  | { readonly publicKeys: readonly string[], readonly fingerprints: readonly string[] }
  | { readonly passphrase: string }

/** What is tried on a message: private keys, each in armour of its own and without a passphrase, and a passphrase. */
export interface OpenpgpIdentities {
  readonly privateKeys: readonly string[]
  readonly passphrase: string | null
  /** The message is known to be sealed to one of the private keys: where none fits, it is damaged. */
  readonly isSureToFit: boolean
}

/** Seals as `gpg --encrypt --recipient …` does, or as `gpg --symmetric --cipher-algo AES256`. */
export function openpgpCipher (to: OpenpgpRecipients): Cipher {
  const recipients = 'passphrase' in to
    ? { publicKeys: [], passphrase: to.passphrase }
    : { publicKeys: to.publicKeys, passphrase: null }
  return {
    encryption: 'openpgp',
    extension: SEAL_EXTENSIONS.openpgp,
    keys: 'passphrase' in to ? [PASSPHRASE_KEY] : to.fingerprints,
    seal () {
      const sessionKey = new Uint8Array(randomBytes(SESSION_KEY_BYTES))
      return {
        encode: () => openpgpStage({ direction: 'encode', sessionKey, ...recipients }, true),
        decode: () => openpgpStage({ direction: 'decode', sessionKey }, true)
      }
    }
  }
}

/** Opens what `gpg` or we have sealed. */
export function openpgpOpener ({ isSureToFit, ...work }: OpenpgpIdentities): Opener {
  return { decode: () => openpgpStage({ direction: 'decode', ...work }, isSureToFit) }
}

function openpgpStage (work: OpenpgpWork, isSureToFit: boolean): Duplex {
  return threadStage({
    entry: new URL(`./openpgp-worker${extname(import.meta.url)}`, import.meta.url),
    work,
    toError ({ why, message }) {
      if (why === 'key' satisfies OpenpgpFailure && !isSureToFit) {
        return noKeyFits('the OpenPGP message', new Error(message))
      }
      if (why === 'dear' satisfies OpenpgpFailure) {
        return undecryptable(`the OpenPGP message is damaged, or exceeds the limits of a backup: ${message}`)
      }
      if (why === 'memory') {
        return undecryptable('the OpenPGP message needs more memory than a backup', {
          cause: new Error(message)
        })
      }
      return undecryptable('the OpenPGP message is damaged, truncated, or has data after its end', {
        cause: new Error(message)
      })
    }
  })
}
