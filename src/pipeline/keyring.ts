import {
  PASSPHRASE_KEY,
  type Cipher,
  type HeldKey,
  type Keyring,
  type Opener,
  type Sealing,
  type SourceSealing
} from '../core/ports/encryption.ts'
import { BackupError } from '../core/errors.ts'
import type { Secret } from '../core/secret.ts'
import { ageCipher, ageOpener } from './age.ts'
import { openpgpCipher, openpgpOpener } from './openpgp.ts'
import { readPrivateKeys, readPublicKeys, type ArmouredKey } from './openpgp-keys.ts'

/** The keys that were configured; keys of OpenPGP in armour. */
export interface KeyMaterial {
  readonly ageIdentities: readonly Secret[]
  readonly passphrase: Secret | undefined
  readonly openpgpPublicKeys: string | undefined
  readonly openpgpPrivateKeys: Secret | undefined
  readonly openpgpPrivateKeysPassphrase: Secret | undefined
  /** By name of source. */
  readonly sealing: ReadonlyMap<string, SourceSealing>
}

/** Of what the keys are made, once they have been read. */
interface Held {
  readonly identities: ReadonlyMap<string, Secret>
  readonly passphrase: Secret | undefined
  readonly publicKeys: readonly ArmouredKey[]
  readonly privateKeys: readonly ArmouredKey[]
}

/** Throws `CONFIG_INVALID` for keys that cannot be used. Whoever has none configured loads no library. */
export async function makeKeyring (material: KeyMaterial): Promise<Keyring> {
  const { openpgpPublicKeys, openpgpPrivateKeys, openpgpPrivateKeysPassphrase, ageIdentities, passphrase } = material
  const held: Held = {
    identities: await byRecipient(ageIdentities),
    passphrase,
    publicKeys: openpgpPublicKeys === undefined ? [] : await readPublicKeys(openpgpPublicKeys),
    privateKeys: openpgpPrivateKeys === undefined
      ? []
      : await readPrivateKeys(openpgpPrivateKeys, openpgpPrivateKeysPassphrase)
  }
  const isSealed = ({ encryption }: SourceSealing): boolean => encryption !== 'none'
  const keyless = new Set(
    [...material.sealing].filter(([, sealing]) => isSealed(sealing) && !hasKey(sealing, held)).map(([source]) => source)
  )
  const ciphers = new Map(
    [...material.sealing].filter(([source]) => !keyless.has(source)).map(
      ([source, sealing]) => [source, cipherFor(sealing, held)]
    )
  )
  return {
    keys: heldKeys(held, [...ciphers.values()].filter(cipher => cipher !== null)),
    cipherOf: source => {
      if (keyless.has(source)) {
        throw new BackupError(
          'SECRET_MISSING',
          `the backups of "${source}" are encrypted with a passphrase that only the server has`,
          {
            hint: 'Set BACKUP_ENCRYPTION_PASSPHRASE for the command too, or BACKUP_ENCRYPTION_PASSPHRASE_FILE for both.'
          }
        )
      }
      return ciphers.get(source) ?? null
    },
    openerOf: (encryption, keys) => encryption === 'age' ? ageOpenerFor(held, keys) : openpgpOpenerFor(held, keys)
  }
}

async function byRecipient (identities: readonly Secret[]): Promise<Held['identities']> {
  if (identities.length === 0) return new Map()
  const { identityToRecipient } = await import('age-encryption')
  return new Map(
    await Promise.all(
      identities.map(async identity => [await identityToRecipient(identity.reveal()), identity] as const)
    )
  )
}

/** Only a command beside a server can have none: the configuration of the server sees to it that there is one. */
function hasKey ({ encryption, ageRecipients }: SourceSealing, { passphrase, publicKeys }: Held): boolean {
  return passphrase !== undefined || (encryption === 'age' ? ageRecipients.length > 0 : publicKeys.length > 0)
}

/** To recipients where there are any, otherwise by the passphrase; `hasKey` says that there is either. */
function cipherFor ({ encryption, ageRecipients }: SourceSealing, { passphrase, publicKeys }: Held): Cipher | null {
  if (encryption === 'none') return null
  const secret = { passphrase: passphrase?.reveal() ?? '' }
  if (encryption === 'age') return ageCipher(ageRecipients.length > 0 ? { recipients: ageRecipients } : secret)
  const publicKey = {
    publicKeys: publicKeys.map(({ armour }) => armour),
    fingerprints: publicKeys.map(({ fingerprint }) => fingerprint)
  }
  return openpgpCipher(publicKeys.length > 0 ? publicKey : secret)
}

function ageOpenerFor ({ identities, passphrase }: Held, keys: readonly string[] | undefined): Opener | undefined {
  const chosen = [...identities].filter(([recipient]) => keys?.includes(recipient) ?? true).map(([, identity]) =>
    identity.reveal()
  )
  const passphrases = passphraseFor(passphrase, keys)
  if (chosen.length + passphrases.length === 0) return undefined
  return ageOpener({ identities: chosen, passphrases, isSureToFit: keys !== undefined && chosen.length > 0 })
}

function openpgpOpenerFor ({ privateKeys, passphrase }: Held, keys: readonly string[] | undefined): Opener | undefined {
  const chosen = privateKeys.filter(({ fingerprint }) => keys?.includes(fingerprint) ?? true)
  const [secret = null] = passphraseFor(passphrase, keys)
  if (chosen.length === 0 && secret === null) return undefined
  return openpgpOpener({
    privateKeys: chosen.map(({ armour }) => armour),
    passphrase: secret,
    isSureToFit: keys !== undefined && chosen.length > 0
  })
}

function passphraseFor (passphrase: Secret | undefined, keys: readonly string[] | undefined): string[] {
  return passphrase !== undefined && (keys?.includes(PASSPHRASE_KEY) ?? true) ? [passphrase.reveal()] : []
}

function heldKeys (
  { identities, passphrase, publicKeys, privateKeys }: Held,
  ciphers: readonly Cipher[]
): readonly HeldKey[] {
  const inUse = (encryption: Sealing): string[] =>
    ciphers.flatMap(cipher => cipher.encryption === encryption ? cipher.keys : [])
  const list = (encryption: Sealing, privateIds: readonly string[], publicIds: readonly string[]): HeldKey[] => {
    const used = inUse(encryption)
    return [...new Set([...used, ...publicIds, ...privateIds])].map(id => {
      const expiresAt = publicKeys.find(({ fingerprint }) => fingerprint === id)?.expiresAt
      return {
        id,
        encryption,
        isPrivate: privateIds.includes(id),
        isInUse: used.includes(id),
        ...expiresAt !== undefined && { expiresAt }
      }
    })
  }
  const age = list('age', [...identities.keys()], [])
  const openpgp = list(
    'openpgp',
    privateKeys.map(({ fingerprint }) => fingerprint),
    publicKeys.map(({ fingerprint }) => fingerprint)
  )
  // A passphrase is of whatever it seals; where it seals nothing, it opens what it sealed once.
  const secret = (key: HeldKey): HeldKey => key.id === PASSPHRASE_KEY ? { ...key, isPrivate: true } : key
  const known = [...age, ...openpgp].map(secret)
  if (passphrase === undefined || known.some(({ id }) => id === PASSPHRASE_KEY)) return known
  return [...known, { id: PASSPHRASE_KEY, encryption: 'age', isPrivate: true, isInUse: false }]
}

/** The keyring of a service that has no keys. */
export const NO_KEYS: Keyring = { keys: [], cipherOf: () => null, openerOf: () => undefined }
