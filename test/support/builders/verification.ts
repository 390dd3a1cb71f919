import { completeChecks, conclude, type Verification } from '../../../src/core/ports/verification.ts'
import { SQLITE_CHECKS } from '../../../src/sources/sqlite/checks.ts'

export const VALID: Verification = conclude(
  completeChecks(
    [
      { name: 'file_exists', status: 'pass' },
      { name: 'checksum', status: 'pass' },
      { name: 'opens_read_only', status: 'pass' }
    ],
    SQLITE_CHECKS,
    'not tried here'
  ),
  SQLITE_CHECKS
)
