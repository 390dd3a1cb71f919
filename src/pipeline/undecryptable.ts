import { BackupError } from '../core/errors.ts'

/** `DECODE_FAILED` of what unseals, told apart from that of what decompresses. */
export function undecryptable (
  message: string,
  { hint, cause }: { readonly hint?: string, readonly cause?: unknown } = {}
): BackupError {
  return new BackupError('DECODE_FAILED', message, {
    details: { check: 'decryption' },
    ...hint !== undefined && { hint },
    ...cause !== undefined && { cause }
  })
}

export function isUndecryptable ({ code, details }: BackupError): boolean {
  return code === 'DECODE_FAILED' && details?.check === 'decryption'
}

/** None of the keys that were tried fits. */
export function noKeyFits (what: string, cause?: unknown): BackupError {
  return new BackupError('KEY_MISSING', `none of the configured keys decrypts ${what}`, {
    hint:
      'Set the private key with BACKUP_AGE_IDENTITY_FILE or BACKUP_OPENPGP_PRIVATE_KEYS_FILE, or the passphrase with BACKUP_ENCRYPTION_PASSPHRASE_FILE.',
    ...cause !== undefined && { cause }
  })
}
