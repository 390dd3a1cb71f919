import { completeChecks, conclude, type Verification } from '../../../src/core/ports/verification.ts'

export const VALID: Verification = conclude(completeChecks([
  { name: 'file_exists', status: 'pass' },
  { name: 'checksum', status: 'pass' },
  { name: 'opens_read_only', status: 'pass' }
], 'not tried here'))
