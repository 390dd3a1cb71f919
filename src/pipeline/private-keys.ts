import { PASSPHRASE_KEY, type Sealing } from '../core/ports/encryption.ts'
import { Secret } from '../core/secret.ts'
import type { KeyMaterial } from './keyring.ts'

/** A private key as it is to be written down. */
export interface PrivateKey {
  readonly id: string
  /** null: a passphrase, which opens what either sealed with it. */
  readonly encryption: Sealing | null
  /** An identity of age, a private key in armour, or the passphrase. */
  readonly text: Secret
}

/** Every private key that is configured. Throws `CONFIG_INVALID` for keys that cannot be used. */
export async function privateKeys ({ ageIdentities, passphrase, openpgpPrivateKeys, openpgpPrivateKeysPassphrase }:
  Omit<KeyMaterial, 'sealing'>): Promise<readonly PrivateKey[]> {
  return [
    ...await ageKeys(ageIdentities),
    ...openpgpPrivateKeys === undefined ? [] : await openpgpKeys(openpgpPrivateKeys, openpgpPrivateKeysPassphrase),
    ...passphrase === undefined ? [] : [{ id: PASSPHRASE_KEY, encryption: null, text: passphrase }]
  ]
}

async function ageKeys (identities: readonly Secret[]): Promise<PrivateKey[]> {
  if (identities.length === 0) return []
  const { identityToRecipient } = await import('age-encryption')
  return await Promise.all(
    identities.map(async text => ({ id: await identityToRecipient(text.reveal()), encryption: 'age', text } as const))
  )
}

async function openpgpKeys (armour: Secret, passphrase: Secret | undefined): Promise<PrivateKey[]> {
  const { readPrivateKeys } = await import('./openpgp-keys.ts')
  return (await readPrivateKeys(armour, passphrase)).map(({ fingerprint, armour }) => ({
    id: fingerprint,
    encryption: 'openpgp',
    text: new Secret(armour)
  }))
}
