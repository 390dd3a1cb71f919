import type { SourceSealing } from '../core/ports/encryption.ts'
import { Secret } from '../core/secret.ts'
import { isKeyOf } from './age-key.ts'
import { checkGiven } from './checked-value.ts'
import type { EncryptionKeys } from './config.ts'
import type { FileSource } from './file.ts'
import { OPTIONS, SOURCE_FIELDS, type OptionValues } from './options.ts'
import type { Problem } from './problem.ts'

const IDENTITY = 'age-secret-key-'
const RECIPIENT = 'age'

/** `hasPassphraseElsewhere`: the server has a passphrase, and this command does not. */
export type KeyOptions =
  & Pick<
    OptionValues,
    | 'encryption'
    | 'ageRecipients'
    | 'ageIdentity'
    | 'encryptionPassphrase'
    | 'openpgpPublicKeys'
    | 'openpgpPrivateKeys'
    | 'openpgpPrivateKeysPassphrase'
  >
  & { readonly hasPassphraseElsewhere?: boolean }

/**
 * The keys that are not of one source alone. Reports what is wrong with any, and repeats nothing that could be private.
 */
export function readKeys (options: KeyOptions, problems: Problem[]): EncryptionKeys {
  const { ageIdentity, encryptionPassphrase, openpgpPublicKeys, openpgpPrivateKeys, openpgpPrivateKeysPassphrase } =
    options
  const report = (key: 'openpgpPublicKeys' | 'openpgpPrivateKeys', problem: string, remedy: string): void => {
    problems.push({ name: OPTIONS[key].variable, problem, remedy })
  }

  if (openpgpPublicKeys?.includes('PRIVATE KEY BLOCK') === true) {
    report(
      'openpgpPublicKeys',
      'contains a private key',
      'Give the output of "gpg --export --armor", and keep the private key where backups are restored.'
    )
  } else if (openpgpPublicKeys?.includes('-----BEGIN PGP PUBLIC KEY BLOCK-----') === false) {
    report('openpgpPublicKeys', 'contains no armored OpenPGP key', 'Give the output of "gpg --export --armor".')
  }
  if (openpgpPrivateKeys?.includes('-----BEGIN PGP PRIVATE KEY BLOCK-----') === false) {
    report(
      'openpgpPrivateKeys',
      'contains no armored private OpenPGP key',
      'Give the output of "gpg --export-secret-keys --armor".'
    )
  }
  return {
    ageIdentities: ageIdentity === undefined ? [] : readIdentities(ageIdentity, problems),
    passphrase: secret(encryptionPassphrase),
    openpgpPublicKeys,
    openpgpPrivateKeys: secret(openpgpPrivateKeys),
    openpgpPrivateKeysPassphrase: secret(openpgpPrivateKeysPassphrase)
  }
}

/** How the backups of every source are sealed that says nothing of its own. */
export function readSealing (options: KeyOptions, problems: Problem[]): SourceSealing {
  const { encryption, ageRecipients } = options
  const sealing = {
    encryption,
    ageRecipients: ageRecipients === undefined
      ? []
      : readRecipients(OPTIONS.ageRecipients.variable, ageRecipients, problems)
  }
  requireKey(OPTIONS.encryption.variable, sealing, ageRecipients !== undefined, options, problems)
  return sealing
}

/** The same for one source, which may say either or both. */
export function readSourceSealing (
  { configPath, fields }: FileSource,
  inherited: SourceSealing,
  options: KeyOptions,
  problems: Problem[]
): SourceSealing {
  const [chosen, listed] = [fields.get('encryption'), fields.get('ageRecipients')]
  if (chosen === undefined && listed === undefined) return inherited
  const encryption = chosen === undefined
    ? inherited.encryption
    : checkGiven(SOURCE_FIELDS.encryption, chosen, problems)
  const text = listed === undefined ? undefined : checkGiven(SOURCE_FIELDS.ageRecipients, listed, problems)
  const ageRecipients = listed === undefined || text === undefined
    ? inherited.ageRecipients
    : readRecipients(listed.name, text, problems)
  const sealing = { encryption: encryption ?? 'none', ageRecipients }
  requireKey(
    chosen?.name ?? configPath,
    sealing,
    listed !== undefined || options.ageRecipients !== undefined,
    options,
    problems
  )
  return sealing
}

/** Where recipients were given that cannot be read, that has been reported already. */
function requireKey (
  name: string,
  { encryption }: SourceSealing,
  hasRecipients: boolean,
  { encryptionPassphrase, openpgpPublicKeys, hasPassphraseElsewhere = false }: KeyOptions,
  problems: Problem[]
): void {
  // One that only the server has: what seals says so when it is asked to.
  if (encryption === 'none' || encryptionPassphrase !== undefined || hasPassphraseElsewhere) return
  if (encryption === 'age' && !hasRecipients) {
    problems.push({
      name,
      problem: 'is "age", but no key for encryption is configured',
      remedy:
        'Create a key with "holdfast key new" and set BACKUP_AGE_RECIPIENTS to its recipient, or set BACKUP_ENCRYPTION_PASSPHRASE_FILE.'
    })
  }
  if (encryption === 'openpgp' && openpgpPublicKeys === undefined) {
    problems.push({
      name,
      problem: 'is "openpgp", but no key for encryption is configured',
      remedy:
        'Set BACKUP_OPENPGP_PUBLIC_KEYS_FILE to a file with a public key, or set BACKUP_ENCRYPTION_PASSPHRASE_FILE.'
    })
  }
}

/**
 * Recipients with white space or commas in between; lines with a "#" at their beginning are remarks, as in the files of
 * `age`.
 */
function readRecipients (name: string, text: string, problems: Problem[]): string[] {
  const words = linesOf(text).flatMap(line => line.split(/[\s,]+/)).filter(word => word !== '')
  for (const word of words) {
    if (isKeyOf(RECIPIENT, word)) continue
    const isPrivate = word.toLowerCase().startsWith(IDENTITY)
    const problem = isPrivate
      ? 'contains an identity, which is a private key'
      : word.startsWith('age1')
      ? `"${word}" is not a valid recipient of age`
      : 'contains text that is not a recipient of age'
    problems.push({
      name,
      problem,
      remedy: isPrivate
        ? 'Give its recipient ("age1…"), which "age-keygen -y" prints, and remove the identity from every place where it must not be.'
        : 'Give recipients ("age1…", 62 characters), as printed by "holdfast key new" or "age-keygen".'
    })
  }
  if (words.length === 0) {
    problems.push({ name, problem: 'contains no recipient', remedy: 'Give at least one recipient ("age1…").' })
  }
  return [...new Set(words)]
}

function readIdentities (text: string, problems: Problem[]): Secret[] {
  const { variable: name } = OPTIONS.ageIdentity
  const lines = linesOf(text).map(line => line.trim()).filter(line => line !== '')
  const wrong = lines.find(line => !isKeyOf(IDENTITY, line))
  if (wrong !== undefined) {
    problems.push({
      name,
      problem: wrong.startsWith('age1')
        ? 'contains a recipient, which is a public key and cannot decrypt'
        : 'contains text that is not an identity of age',
      remedy: 'Give the output of "holdfast key new" or "age-keygen": one "AGE-SECRET-KEY-1…" per line.'
    })
  } else if (lines.length === 0) {
    problems.push({ name, problem: 'contains no identity', remedy: 'Give at least one "AGE-SECRET-KEY-1…".' })
  }
  return lines.map(line => new Secret(line.toUpperCase()))
}

function linesOf (text: string): string[] {
  return text.split(/\r?\n/).filter(line => !line.trimStart().startsWith('#'))
}

function secret (value: string | undefined): Secret | undefined {
  return value === undefined ? undefined : new Secret(value)
}
