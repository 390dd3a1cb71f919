import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Backup } from '../../../src/core/backup/backup.ts'
import type { ExportRequest } from '../../../src/core/ports/export.ts'
import type { Exported, ExportTarget } from '../../../src/engine/restore/export.ts'

/** An export of three rows with these bytes. */
export function anExport (
  bytes: Buffer,
  backup: Backup | null,
  { table, format }: ExportRequest,
  target: ExportTarget | null
): Exported {
  return {
    backup,
    source: 'workstation',
    table,
    format,
    rows: 3,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    file: target?.file ?? null,
    content: target === null ? Readable.from([bytes]) : null
  }
}
