import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'

/** Before the public key in the form that people keep and configure. */
const PREFIX = 'holdfast-sign1-'
const RAW_LENGTH = 32
/** What stands before the 32 bytes of a public key in DER (RFC 8410, SubjectPublicKeyInfo). */
const DER_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** Who vouches for a manifest; docs/format.md is its reference. */
export interface ManifestSignature {
  readonly algorithm: 'ed25519'
  /** The public key in its printable form. */
  readonly key: string
  /** Of the canonical form of the manifest without `signature`; 64 bytes in Base64. */
  readonly value: string
}

export const AUTHENTICITIES = ['signed', 'unsigned', 'unknown-key', 'changed'] as const

/**
 * `signed`: by a key that is trusted here. `unknown-key`: by another one, which anybody may have made. `changed`: the
 * signature is not of this content.
 */
export type Authenticity = typeof AUTHENTICITIES[number]

/** Who vouches for a manifest, as this installation judges it. */
export interface SignatureState {
  readonly state: Authenticity
  /** The public key in its printable form; null: not signed. */
  readonly key: string | null
  /** Its short id; null: not signed. */
  readonly keyId: string | null
  /** A trusted signature is required, and there is none. */
  readonly isRefused: boolean
}

/** `holdfast-sign1-` and the 32 bytes of the key in Base64url. */
export function printableKey (key: KeyObject): string {
  const der = createPublicKey(key).export({ type: 'spki', format: 'der' })
  return PREFIX + der.subarray(-RAW_LENGTH).toString('base64url')
}

/** Whether `text` is a public key as `printableKey` writes it. */
export function isSigningKey (text: string): boolean {
  const raw = Buffer.from(text.slice(PREFIX.length), 'base64url')
  return raw.length === RAW_LENGTH && text === PREFIX + raw.toString('base64url')
}

/** The first 16 hex digits of the SHA-256 of the key's 32 bytes. */
export function signingKeyId (key: string): string {
  return createHash('sha256').update(key.slice(PREFIX.length), 'base64url').digest('hex').slice(0, 16)
}

/** The bytes that are signed: the JSON canonicalization scheme (RFC 8785) of everything but `signature`, in UTF-8. */
export function signedBytes (manifest: object): Buffer {
  const content = Object.entries(manifest).filter(([name]) => name !== 'signature')
  return Buffer.from(canonical(Object.fromEntries(content)), 'utf8')
}

export function signatureOf (manifest: object, privateKey: KeyObject): ManifestSignature {
  const value = sign(null, signedBytes(manifest), privateKey).toString('base64')
  return { algorithm: 'ed25519', key: printableKey(privateKey), value }
}

/** What the signature of a manifest is worth. `trustedKeys` are public keys in their printable form. */
export function authenticity (
  manifest: object & { readonly signature?: ManifestSignature },
  trustedKeys: ReadonlySet<string>
): Authenticity {
  const { signature } = manifest
  if (signature === undefined) return 'unsigned'
  if (!isSignedBy(manifest, signature)) return 'changed'
  return trustedKeys.has(signature.key) ? 'signed' : 'unknown-key'
}

function isSignedBy (manifest: object, { key, value }: ManifestSignature): boolean {
  if (!isSigningKey(key)) return false
  const der = Buffer.concat([DER_PREFIX, Buffer.from(key.slice(PREFIX.length), 'base64url')])
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' })
  return verify(null, signedBytes(manifest), publicKey, Buffer.from(value, 'base64'))
}

/** Names sorted by their UTF-16 code units, no white space; numbers and texts as JSON.stringify writes them. */
function canonical (value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  const sorted = entries.toSorted(([a], [b]) => a < b ? -1 : 1)
  return `{${sorted.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`
}

/** For people: `signed (key 0123456789abcdef)`. */
export function describeSignature ({ state, keyId }: Pick<SignatureState, 'state' | 'keyId'>): string {
  if (state === 'unsigned') return 'not signed'
  if (state === 'signed') return `signed (key ${keyId ?? ''})`
  return state === 'unknown-key' ? `signed by the unknown key ${keyId ?? ''}` : 'changed after it was signed'
}
