import { z } from 'zod'
import type { Backup } from '../../core/backup/backup.ts'
import { backupSchema, presentBackup } from '../../present/backup.ts'
import { failureSchema, presentFailure } from '../../present/failure.ts'
import type { EachOutcome } from '../each.ts'
import type { View } from '../shell.ts'
import { nameOf } from './backup.ts'
import { failureLine } from './verified.ts'

export const releasedSchema = z.object({ backups: z.array(backupSchema), failures: z.array(failureSchema) })

export function viewReleased ({ done, failures }: EachOutcome<Backup>): View {
  const json: z.infer<typeof releasedSchema> = {
    backups: done.map(presentBackup),
    failures: failures.map(presentFailure)
  }
  return {
    json,
    text: screen =>
      done.length + failures.length === 0
        ? 'no backup is suspect\n'
        : [
          ...done.map(backup => `${screen.colours.green('✓')} Released backup ${backup.id}: ${nameOf(backup)}`),
          ...failures.map(failure => failureLine(failure, screen)),
          ''
        ].join('\n')
  }
}
