import { z } from 'zod'
import type { Backup } from '../../core/backup/backup.ts'
import { backupSchema, presentBackup } from '../../present/backup.ts'
import type { EachOutcome } from '../each.ts'
import type { View } from '../shell.ts'
import { nameOf } from './backup.ts'
import { failureSchema, presentFailure } from '../../present/failure.ts'
import { failureLine } from './verified.ts'

export const restoreFromTrashSchema = z.object({ backups: z.array(backupSchema), failures: z.array(failureSchema) })

export function viewUndeleted ({ done, failures }: EachOutcome<Backup>): View {
  return {
    json: { backups: done.map(presentBackup), failures: failures.map(presentFailure) },
    text: screen =>
      [
        ...done.map(backup =>
          `${screen.colours.green('✓')} Restored backup ${backup.id} from the trash: ${nameOf(backup)}`
        ),
        ...failures.map(failure => failureLine(failure, screen)),
        ''
      ].join('\n')
  }
}
