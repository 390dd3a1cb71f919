import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outcomeOf } from '../../../src/core/catalog/audit.ts'
import type { ErrorCode } from '../../../src/core/errors.ts'

for (
  const [outcome, codes] of Object.entries({
    done: [null],
    refused: [
      'UNAUTHORIZED',
      'FORBIDDEN',
      'VALIDATION_FAILED',
      'BACKUP_NOT_FOUND',
      'BACKUP_IN_PROGRESS',
      'BACKUP_PINNED',
      'RATE_LIMITED',
      'QUEUE_FULL',
      'SHUTTING_DOWN'
    ],
    failed: ['SOURCE_MISSING', 'DISK_FULL', 'VERIFICATION_FAILED', 'CANCELLED', 'CATALOG_BUSY', 'INTERNAL']
  } as Record<string, (ErrorCode | null)[]>)
) {
  test(`${codes.join(', ')}: ${outcome}`, () => {
    assert.deepEqual(new Set(codes.map(outcomeOf)), new Set([outcome]))
  })
}
