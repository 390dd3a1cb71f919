import { readFileSync } from 'node:fs'
import { systemCode } from '../core/errors.ts'
import type { EncryptionKeys } from './config.ts'
import { readKeys } from './encryption.ts'
import { configError, type Problem } from './problem.ts'

/**
 * The private keys in a file that is not configured: identities of age, or keys of OpenPGP in armour. Throws
 * `CONFIG_INVALID`.
 */
export function readKeyFile (path: string): EncryptionKeys {
  const problems: Problem[] = []
  let text = ''
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    problems.push({
      name: path,
      problem: `cannot be read (${systemCode(error) ?? 'unknown'})`,
      remedy: 'Give the path of a readable file that contains a private key.'
    })
  }
  const isOpenpgp = text.includes('-----BEGIN PGP')
  const keys = readKeys({
    encryption: 'none',
    ageRecipients: undefined,
    ageIdentity: isOpenpgp || problems.length > 0 ? undefined : text,
    encryptionPassphrase: undefined,
    openpgpPublicKeys: undefined,
    openpgpPrivateKeys: isOpenpgp ? text : undefined,
    openpgpPrivateKeysPassphrase: undefined
  }, problems)
  if (problems.length > 0) throw configError(problems.map(problem => ({ ...problem, name: path })))
  return keys
}
