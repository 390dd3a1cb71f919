import { z } from 'zod'
import { AUTHENTICITIES, type SignatureState } from '../core/backup/signature.ts'

export const signatureSchema = z.object({
  state: z.enum(AUTHENTICITIES).meta({
    description:
      'signed: by this installation or a key of BACKUP_TRUSTED_SIGNING_KEYS; unknown-key: by another key; changed: the signature is not of this content.'
  }),
  key: z.string().nullable().meta({ description: 'The public key; null: not signed.' }),
  keyId: z.string().nullable().meta({ description: 'The first 16 hex digits of its SHA-256; null: not signed.' }),
  refused: z.boolean().meta({ description: 'Whether the backup cannot be used, because BACKUP_REQUIRE_SIGNED is set.' })
}).meta({ id: 'Signature', description: 'Signature of the manifest of the backup.' })

export type SignatureView = z.infer<typeof signatureSchema>

export function presentSignature (signature: SignatureState | null): SignatureView | null {
  if (signature === null) return null
  const { state, key, keyId, isRefused } = signature
  return { state, key, keyId, refused: isRefused }
}
