import { createHash, createPrivateKey, KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { isSigningKey, printableKey } from '../core/backup/signature.ts'
import { Secret } from '../core/secret.ts'
import type { Config } from './config.ts'
import { MANIFEST_KEY_FILE } from './data-files.ts'
import { ensureOwnSecret, readOwnSecret, type OwnSecretWords } from './generated-secret.ts'
import type { Problem } from './problem.ts'

/** What stands before the 32 bytes of a private key in DER (RFC 8410, PKCS #8). */
const DER_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

const WORDS: OwnSecretWords = {
  instead: '',
  lost: 'existing backups are then signed by an unknown key, unless BACKUP_TRUSTED_SIGNING_KEYS contains it.'
}

/**
 * The Ed25519 key that signs the manifests of this installation; undefined: there is none yet. What is wrong with its
 * file is a problem. Changes no more than `readOwnSecret`.
 */
export function readManifestKey (dataDir: string): KeyObject | Problem | undefined {
  const found = readOwnSecret(join(dataDir, MANIFEST_KEY_FILE), WORDS)
  return found instanceof Secret ? keyOf(found) : found
}

/**
 * Its public part in its printable form; undefined: there is none yet, or it cannot be read. Changes no more than
 * `readOwnSecret`.
 */
export function publicManifestKey ({ dataDir }: Pick<Config, 'dataDir'>): string | undefined {
  const found = readManifestKey(dataDir)
  return found instanceof KeyObject ? printableKey(found) : undefined
}

/**
 * The private key, made where there is none. Two processes that come first at once end up with the same one. Throws
 * `CONFIG_INVALID`.
 */
export function ensureManifestKey ({ dataDir }: Pick<Config, 'dataDir'>): KeyObject {
  return keyOf(ensureOwnSecret(dataDir, MANIFEST_KEY_FILE, WORDS))
}

/** The public keys in a list or text, with white space or commas in between. */
export function readTrustedKeys (text: string | undefined, problems: Problem[]): readonly string[] {
  const keys = (text ?? '').split(/[\s,]+/).filter(key => key !== '')
  for (const key of keys.filter(key => !isSigningKey(key))) {
    problems.push({
      name: 'BACKUP_TRUSTED_SIGNING_KEYS',
      problem: `"${key}" is not a public signing key for manifests`,
      remedy: 'Give it as shown by "holdfast key list" on the other installation: "holdfast-sign1-" and 43 characters.'
    })
  }
  return keys
}

/** The SHA-256 of the text in the file is the seed of the key. */
function keyOf (secret: Secret): KeyObject {
  const seed = createHash('sha256').update(secret.reveal()).digest()
  return createPrivateKey({ key: Buffer.concat([DER_PREFIX, seed]), format: 'der', type: 'pkcs8' })
}
