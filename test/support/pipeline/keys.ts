import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { generateKey } from 'openpgp'
import type { Keyring, SourceSealing } from '../../../src/core/ports/encryption.ts'
import { Secret } from '../../../src/core/secret.ts'
import { makeKeyring, type KeyMaterial } from '../../../src/pipeline/keyring.ts'

export const PASSPHRASE = 'correct horse battery staple'

export interface AgeKey {
  readonly recipient: string
  readonly identity: string
}

export async function ageKey (): Promise<AgeKey> {
  const identity = await generateX25519Identity()
  return { identity, recipient: await identityToRecipient(identity) }
}

export interface OpenpgpKey {
  readonly publicKey: string
  readonly privateKey: string
}

export async function openpgpKey (passphrase?: string): Promise<OpenpgpKey> {
  const { publicKey, privateKey } = await generateKey({
    userIDs: [{ name: 'the tests' }],
    date: new Date('2025-01-01T00:00:00.000Z'),
    format: 'armored',
    ...passphrase !== undefined && { passphrase }
  })
  return { publicKey, privateKey }
}

interface Given extends Partial<Omit<KeyMaterial, 'ageIdentities' | 'sealing'>> {
  readonly identities?: readonly string[]
  readonly sealing?: Partial<SourceSealing>
}

/** A keyring whose source "shop" is sealed so. */
export function keyring ({ identities = [], sealing = {}, ...given }: Given): Promise<Keyring> {
  return makeKeyring({
    passphrase: undefined,
    openpgpPublicKeys: undefined,
    openpgpPrivateKeys: undefined,
    openpgpPrivateKeysPassphrase: undefined,
    ...given,
    ageIdentities: identities.map(identity => new Secret(identity)),
    sealing: new Map([['shop', { encryption: 'none', ageRecipients: [], ...sealing }]])
  })
}
