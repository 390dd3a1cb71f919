import { z } from 'zod'
import { counted } from '../../core/counted.ts'
import { EXPORT_FORMATS } from '../../core/ports/export.ts'
import { inSize } from '../../core/size.ts'
import type { Exported } from '../../engine/restore/export.ts'
import { bytes } from '../../present/common.ts'
import type { View } from '../shell.ts'

export const exportSchema = z.object({
  backupId: z.int().positive().nullable().meta({ description: 'null: the rows are those of the live database.' }),
  source: z.string(),
  table: z.string(),
  format: z.enum(EXPORT_FORMATS),
  rows: z.int().min(0),
  bytes,
  sha256: z.string().meta({ description: 'Of the file, in hex.' }),
  file: z.string()
})

export function viewExported ({ backup, source, table, format, rows, bytes, sha256, file }: Exported): View {
  return {
    json: { backupId: backup?.id ?? null, source, table, format, rows, bytes, sha256, file },
    text: ({ colours }) =>
      `${colours.green('✓')} Exported ${counted(rows, 'row')} of "${table}" from ${
        backup === null ? `the live database of "${source}"` : `backup ${backup.id}`
      } to ${file} (${inSize(bytes)})\n`
  }
}
