import { verificationMessage, type Check } from '../../core/verification.ts'
import type { Verified } from '../../engine/engine.ts'

interface VerificationView {
  readonly backupId: number
  readonly valid: boolean
  readonly message: string
  readonly checks: readonly Check[]
}

export function presentVerified ({ backup, verification }: Verified): VerificationView {
  return { backupId: backup.id, valid: verification.valid, message: verificationMessage(verification), checks: verification.checks }
}
