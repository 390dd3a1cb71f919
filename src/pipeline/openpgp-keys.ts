import type { Key, PrivateKey } from 'openpgp'
import { BackupError } from '../core/errors.ts'
import type { Secret } from '../core/secret.ts'
import { ANY_TIME } from './openpgp-work.ts'

/** A key in armour, by itself. */
export interface ArmouredKey {
  /** Of the primary key, in hex, as `gpg --list-keys` shows it. */
  readonly fingerprint: string
  readonly armour: string
  /** When its owner wants nothing sealed to it any more; absent: never. */
  readonly expiresAt?: Date
}

const PUBLIC = 'BACKUP_OPENPGP_PUBLIC_KEYS'
const PRIVATE = 'BACKUP_OPENPGP_PRIVATE_KEYS'
const PASSPHRASE = `${PRIVATE}_PASSPHRASE`

/**
 * The public keys in an armoured text. Throws `CONFIG_INVALID` unless each can be encrypted to, and there is one. One
 * that has expired can: a backup that is sealed to it opens, and one that is not made for that is lost.
 */
export async function readPublicKeys (armour: string): Promise<readonly ArmouredKey[]> {
  const keys = await parsed(armour, PUBLIC)
  return await Promise.all(keys.map(async key => {
    const expiresAt = await expiryOf(key)
    return {
      fingerprint: fingerprintOf(key),
      armour: key.toPublic().armor(),
      ...expiresAt !== undefined && { expiresAt }
    }
  }))
}

/** When the key, or that part of it which things are sealed to, expires, whichever is first. */
async function expiryOf (key: Key): Promise<Date | undefined> {
  try {
    const part = await key.getEncryptionKey(undefined, ANY_TIME)
    const times = [await key.getExpirationTime(), await part.getExpirationTime()]
    const [first] = times.filter(time => time instanceof Date).toSorted((a, b) => a.getTime() - b.getTime())
    return first
  } catch (cause) {
    throw invalid(
      PUBLIC,
      `the key ${fingerprintOf(key)} cannot be encrypted to`,
      'Set a key that supports encryption and is not revoked.',
      cause
    )
  }
}

/**
 * The private keys in an armoured text, without their passphrase. Throws `CONFIG_INVALID`, and repeats nothing of what
 * was given.
 */
export async function readPrivateKeys (
  armour: Secret,
  passphrase: Secret | undefined
): Promise<readonly ArmouredKey[]> {
  const keys = await parsed(armour.reveal(), PRIVATE)
  return await Promise.all(keys.map(async key => {
    if (!key.isPrivate()) {
      throw invalid(
        PRIVATE,
        `${fingerprintOf(key)} is a public key`,
        'Set the output of "gpg --export-secret-keys --armor".'
      )
    }
    return { fingerprint: fingerprintOf(key), armour: (await unlocked(key, passphrase)).armor() }
  }))
}

async function parsed (armour: string, name: string): Promise<Key[]> {
  const { readKeys } = await import('openpgp')
  // A file may hold several, one after the other, each in armour of its own.
  const blocks = armour.match(/-----BEGIN PGP (PUBLIC|PRIVATE) KEY BLOCK-----[^]*?-----END PGP \1 KEY BLOCK-----/g) ??
    []
  try {
    const keys = (await Promise.all(blocks.map(block => readKeys({ armoredKeys: block })))).flat()
    if (keys.length > 0) return keys
  } catch (cause) {
    throw invalid(
      name,
      'this is not a readable OpenPGP key',
      'Set the output of "gpg --export --armor".',
      cause
    )
  }
  throw invalid(name, 'there is no armored OpenPGP key', 'Set the output of "gpg --export --armor".')
}

async function unlocked (key: PrivateKey, passphrase: Secret | undefined): Promise<PrivateKey> {
  if (key.isDecrypted()) return key
  if (passphrase === undefined) {
    throw invalid(
      PASSPHRASE,
      `the private key ${fingerprintOf(key)} has a passphrase, which is not configured`,
      `Set it with ${PASSPHRASE}_FILE.`
    )
  }
  const { decryptKey } = await import('openpgp')
  try {
    return await decryptKey({ privateKey: key, passphrase: passphrase.reveal() })
  } catch (cause) {
    throw invalid(
      PASSPHRASE,
      `this passphrase does not decrypt the private key ${fingerprintOf(key)}`,
      'Correct the passphrase.',
      cause
    )
  }
}

function fingerprintOf (key: Key): string {
  return key.getFingerprint().toUpperCase()
}

function invalid (name: string, problem: string, hint: string, cause?: unknown): BackupError {
  return new BackupError('CONFIG_INVALID', `${name}: ${problem}`, { hint, ...cause !== undefined && { cause } })
}
