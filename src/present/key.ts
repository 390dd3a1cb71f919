import { z } from 'zod'
import { ENCRYPTIONS } from '../core/ports/encryption.ts'
import type { KeyState } from '../engine/status/keys.ts'
import { count, instant, iso } from './common.ts'

export const keySchema = z.object({
  id: z.string().meta({ description: 'age: the recipient; openpgp: the fingerprint; or "passphrase".' }),
  encryption: z.enum(ENCRYPTIONS).exclude(['none']),
  private: z.boolean().meta({ description: 'Whether backups encrypted with it can be decrypted here.' }),
  inUse: z.boolean().meta({ description: 'Whether new backups are encrypted with it.' }),
  backups: count.meta({ description: 'Number of backups that it decrypts.' }),
  confirmedAt: instant.nullable().meta({
    description: 'Time of the last confirmation that its recovery card is stored.'
  }),
  confirmedBy: z.string().nullable(),
  expiresAt: instant.nullable().meta({
    description: 'OpenPGP: time of expiry; an expired key still encrypts and decrypts. null: never.'
  })
}).meta({ id: 'Key' })

export type KeyView = z.infer<typeof keySchema>

export function presentKey ({ id, encryption, isPrivate, isInUse, backups, confirmedAt, confirmedBy, expiresAt }:
  KeyState): KeyView {
  return {
    id,
    encryption,
    private: isPrivate,
    inUse: isInUse,
    backups,
    confirmedAt: iso(confirmedAt),
    confirmedBy,
    expiresAt: iso(expiresAt ?? null)
  }
}
