import { z } from 'zod'
import { totalSize, type Backup } from '../../core/backup/backup.ts'
import { backupSchema, presentBackup } from '../../present/backup.ts'
import type { View } from '../shell.ts'
import { inSize } from '../../core/size.ts'
import { counted } from '../../core/counted.ts'
import { nameOf } from './backup.ts'
import { failureSchema, presentFailure, type Failed } from '../../present/failure.ts'
import { failureLine } from './verified.ts'

export const uploadSchema = z.object({
  uploaded: z.array(backupSchema),
  failures: z.array(failureSchema).meta({ description: 'Backups that did not reach every store.' })
})

export function viewUploaded (backups: readonly Backup[], failures: readonly Failed[]): View {
  const json: z.infer<typeof uploadSchema> = {
    uploaded: backups.map(presentBackup),
    failures: failures.map(presentFailure)
  }
  return {
    json,
    text: screen =>
      [
        ...backups.map(backup =>
          `${screen.colours.green('✓')} backup ${backup.id}, ${nameOf(backup)}, ${inSize(totalSize(backup) ?? 0)}: in ${
            storesOf(backup)
          }`
        ),
        ...failures.map(failure => failureLine(failure, screen)),
        ...backups.length + failures.length === 0 ? ['nothing to upload: every store has every backup'] : [],
        ...backups.length + failures.length > 1
          ? [
            '',
            `${counted(backups.length, 'backup')} uploaded${failures.length === 0 ? '' : `, ${failures.length} not`}`
          ]
          : [],
        ''
      ].join('\n')
  }
}

function storesOf ({ copies }: Backup): string {
  return copies.filter(({ status }) => status === 'stored').map(({ store }) => `"${store}"`).join(', ')
}
