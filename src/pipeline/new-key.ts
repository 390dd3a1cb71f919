import type { Sealing } from '../core/ports/encryption.ts'
import { Secret } from '../core/secret.ts'

/** A key that was made just now. It is nowhere else yet. */
export interface NewKey {
  readonly encryption: Sealing
  readonly id: string
  /** What new backups are sealed to: a recipient of age, or a public key in armour. */
  readonly publicKey: string
  /** The file that opens them, as `age -i` and `gpg --import` read it. */
  readonly privateFile: Secret
}

/**
 * The OpenPGP key is on Curve25519, which GnuPG knows from 2.1 on, and has no passphrase of its own: the file is what
 * is to be kept.
 */
export async function newKey (encryption: Sealing, now: Date): Promise<NewKey> {
  return encryption === 'age' ? await newAgeKey(now) : await newOpenpgpKey(now)
}

async function newAgeKey (now: Date): Promise<NewKey> {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption')
  const identity = await generateX25519Identity()
  const recipient = await identityToRecipient(identity)
  const privateFile = new Secret(`# created: ${now.toISOString()}\n# public key: ${recipient}\n${identity}\n`)
  return { encryption: 'age', id: recipient, publicKey: recipient, privateFile }
}

async function newOpenpgpKey (now: Date): Promise<NewKey> {
  const { generateKey } = await import('openpgp')
  const { privateKey, publicKey } = await generateKey({
    userIDs: [{ name: 'Holdfast backups' }],
    date: now,
    format: 'object'
  })
  return {
    encryption: 'openpgp',
    id: publicKey.getFingerprint().toUpperCase(),
    publicKey: publicKey.armor(),
    privateFile: new Secret(privateKey.armor())
  }
}
