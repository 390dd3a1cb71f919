import type { BackupVerbs } from '../../engine/backup/verbs.ts'
import { presentBackup } from '../../present/backup.ts'
import { route, type App } from '../route.ts'
import { backupMessageAnswer } from '../schemas/backup.ts'
import { idParams } from '../schemas/common.ts'

export function releaseRoutes (app: App, { engine }: { readonly engine: BackupVerbs }): void {
  app.post(
    '/api/backups/:id/release',
    route('admin', {
      operationId: 'releaseBackup',
      tag: 'backups',
      summary: 'Declare a suspect backup good',
      action: 'backup release',
      description: 'The backup is no longer suspect, and older good backups may be removed again.',
      answers: { 200: backupMessageAnswer },
      errors: ['BACKUP_NOT_FOUND', 'BACKUP_NOT_COMPLETED', 'BACKUP_DELETED', 'BACKUP_NOT_SUSPECT', 'BACKUP_BUSY']
    }, { params: idParams }),
    async ({ params: { id }, caller }) => {
      const backup = await engine.release(id, caller?.token.subject ?? 'unnamed')
      return { success: true, message: 'Backup declared good', backup: presentBackup(backup) }
    }
  )
}
