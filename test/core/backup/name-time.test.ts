import assert from 'node:assert/strict'
import { test } from 'node:test'
import { timeInName } from '../../../src/core/backup/name-time.ts'

const VIENNA = 'Europe/Vienna'
const NAMES: ReadonlyArray<readonly [name: string, utc: string | undefined, vienna?: string]> = [
  ['audit_20251124_233000.db', '2025-11-24T23:30:00.000Z', '2025-11-24T22:30:00.000Z'],
  ['backup_20251111_020000_full.db.gz', '2025-11-11T02:00:00.000Z', '2025-11-11T01:00:00.000Z'],
  ['aibookkeeper_20241011_020000.sql.gz', '2024-10-11T02:00:00.000Z', '2024-10-11T00:00:00.000Z'],
  ['elspeth_20240115.dump', '2024-01-15T00:00:00.000Z', '2024-01-14T23:00:00.000Z'],
  ['elspeth_backup_20240115.tar.gz', '2024-01-15T00:00:00.000Z', '2024-01-14T23:00:00.000Z'],
  ['backup-2024-01-24.sql.gz', '2024-01-24T00:00:00.000Z', '2024-01-23T23:00:00.000Z'],
  ['app-2025-11-24.tar.gz', '2025-11-24T00:00:00.000Z', '2025-11-23T23:00:00.000Z'],
  ['app-2025-11-24_23-30-00.db', '2025-11-24T23:30:00.000Z', '2025-11-24T22:30:00.000Z'],
  ['app-2025-11-24_2330.db', '2025-11-24T23:30:00.000Z', '2025-11-24T22:30:00.000Z'],
  ['app 2025-11-24 23-30.db', '2025-11-24T23:30:00.000Z', '2025-11-24T22:30:00.000Z'],
  ['app-20251124-2330.db', '2025-11-24T23:30:00.000Z', '2025-11-24T22:30:00.000Z'],
  ['app_2025.11.24.db', '2025-11-24T00:00:00.000Z', '2025-11-23T23:00:00.000Z'],
  // With a T: UTC, whatever the zone is.
  ['workstation-backup-2025-11-24T23-30-00.db', '2025-11-24T23:30:00.000Z', '2025-11-24T23:30:00.000Z'],
  ['app-2025-11-24T23:30:00.123Z.db', '2025-11-24T23:30:00.000Z', '2025-11-24T23:30:00.000Z'],
  ['app-20251124T233000Z.db', '2025-11-24T23:30:00.000Z', '2025-11-24T23:30:00.000Z'],
  // Another number after the day is no time of the day.
  ['app_20251124_7.db', '2025-11-24T00:00:00.000Z', '2025-11-23T23:00:00.000Z'],
  // The clock is put back at 03:00: the first of the two instants.
  ['app_20251026_023000.db', '2025-10-26T02:30:00.000Z', '2025-10-26T00:30:00.000Z'],
  // The last time counts.
  ['2024-01-01-audit_20251124_233000.db', '2025-11-24T23:30:00.000Z', '2025-11-24T22:30:00.000Z'],
  ['app_20250230.db', undefined],
  ['app_20251324.db', undefined],
  ['app_1764027000.db', undefined],
  ['app_120251124.db', undefined],
  ['audit_latest.db', undefined]
]

for (const [name, utc, vienna] of NAMES) {
  test(`the time in "${name}"`, () => {
    assert.deepEqual(
      [timeInName(name, 'UTC')?.toISOString(), timeInName(name, VIENNA)?.toISOString()],
      [utc, vienna]
    )
  })
}
