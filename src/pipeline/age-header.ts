import { toBackupError } from '../core/errors.ts'
import { passphraseIdentity, passphraseRecipient } from './age-passphrase.ts'
import { noKeyFits, undecryptable } from './undecryptable.ts'

/** Whom a file is sealed to: recipients (`age1…`), any one of whom can open it, or else a passphrase. */
export type AgeRecipients =
  | { readonly recipients: readonly string[] }
  | { readonly passphrase: string }

/** What is tried on a file. */
export interface AgeIdentities {
  /** `AGE-SECRET-KEY-1…` */
  readonly identities: readonly string[]
  readonly passphrases: readonly string[]
  /** The file is known to be sealed to one of them: where none fits, it is damaged. */
  readonly isSureToFit: boolean
}

/** No header is longer: it takes some hundred bytes for each recipient. */
const LIMIT = 64 * 1024
/** No header has more recipients: each is tried with each identity. */
const MOST_STANZAS = 256
/** What the library makes after the header of a file of no bytes: the nonce of the payload, and an empty piece. */
const EMPTY_PAYLOAD = 16 + 16

/** The header of a new file, and the key of that one file. */
export async function makeHeader (to: AgeRecipients): Promise<
  { readonly header: Buffer, readonly fileKey: Uint8Array }
> {
  const { Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  for (const recipient of 'passphrase' in to ? [passphraseRecipient(to.passphrase)] : to.recipients) {
    encrypter.addRecipient(recipient)
  }
  let fileKey = new Uint8Array()
  // One more recipient, who adds nothing to the header: so the key of the file comes to hand.
  encrypter.addRecipient({
    wrapFileKey: key => {
      fileKey = key.slice()
      return []
    }
  })
  const file = await encrypter.encrypt(new Uint8Array())
  return { header: Buffer.from(file.subarray(0, file.length - EMPTY_PAYLOAD)), fileKey }
}

/** Where the header ends in the bytes so far; undefined: not yet. Throws `DECODE_FAILED` where there is none. */
export function headerEnd (bytes: Buffer): number | undefined {
  const last = bytes.indexOf('\n---')
  const end = last === -1 ? -1 : bytes.indexOf('\n', last + 1)
  if (end !== -1 && end < LIMIT) return end + 1
  if (bytes.length > LIMIT) throw undecryptable('the age stream does not begin with a header')
  return undefined
}

/**
 * The key of the file. Throws `DECODE_FAILED`, or `KEY_MISSING` where nobody is sure that one of the identities fits.
 */
export async function openHeader (
  header: Buffer,
  { identities, passphrases, isSureToFit }: AgeIdentities
): Promise<Uint8Array> {
  if (header.toString('latin1').split('\n-> ').length - 1 > MOST_STANZAS) {
    throw undecryptable(`the age stream is rejected: it is encrypted for more than ${MOST_STANZAS} recipients`)
  }
  const { Decrypter } = await import('age-encryption')
  const decrypter = new Decrypter()
  for (const identity of [...identities, ...passphrases.map(passphraseIdentity)]) decrypter.addIdentity(identity)
  // They are tried in turn, so that this one is asked only where none before it fits.
  decrypter.addIdentity({
    unwrapFileKey () {
      throw isSureToFit
        ? undecryptable('the header of the age stream does not match its key')
        : noKeyFits('the age stream')
    }
  })
  try {
    return await decrypter.decryptHeader(header)
  } catch (thrown) {
    const error = toBackupError(thrown)
    throw error.code === 'INTERNAL'
      ? undecryptable('the header of the age stream is damaged', { cause: thrown })
      : error
  }
}
