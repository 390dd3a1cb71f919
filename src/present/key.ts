import { z } from 'zod'
import { ENCRYPTIONS } from '../core/ports/encryption.ts'
import type { KeyState } from '../engine/status/keys.ts'
import { count, instant, iso } from './common.ts'

export const keySchema = z.object({
  id: z.string().meta({ description: 'age: the recipient; openpgp: the fingerprint; or "passphrase".' }),
  encryption: z.enum(ENCRYPTIONS).exclude(['none']),
  private: z.boolean().meta({ description: 'Whether what is sealed to it can be opened here.' }),
  inUse: z.boolean().meta({ description: 'Whether new backups are sealed to it.' }),
  backups: count.meta({ description: 'Backups that it opens.' }),
  confirmedAt: instant.nullable().meta({ description: 'When somebody last said that its recovery card is stored.' }),
  confirmedBy: z.string().nullable(),
  expiresAt: instant.nullable().meta({
    description: 'OpenPGP: when it expires, which keeps nothing from being sealed to it or opened; null: never.'
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
