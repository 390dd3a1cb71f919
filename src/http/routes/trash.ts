import type { RetentionVerbs } from '../../engine/retention/verbs.ts'
import { presentBackup } from '../../present/backup.ts'
import { route, type App } from '../route.ts'
import { backupMessageAnswer, removeQuery } from '../schemas/backup.ts'
import { idParams } from '../schemas/common.ts'
import { jobAnswer } from '../schemas/job.ts'
import { respondWithJob } from '../work.ts'

export function trashRoutes (app: App, { engine }: { readonly engine: RetentionVerbs }): void {
  app.delete(
    '/api/backups/:id',
    route('admin', {
      operationId: 'deleteBackup',
      tag: 'backups',
      summary: 'Move a backup to the trash',
      action: 'backup remove',
      description: 'After the grace period, the backup and its copies are deleted permanently.',
      starts: 'delete',
      answers: { 200: backupMessageAnswer, 202: jobAnswer },
      errors: [
        'BACKUP_NOT_FOUND',
        'BACKUP_PINNED',
        'BACKUP_HAS_CHILDREN',
        'BACKUP_LAST_VALID',
        'BACKUP_BUSY',
        'BACKUP_DELETED',
        'SHUTTING_DOWN'
      ]
    }, { params: idParams, querystring: removeQuery }),
    async (request, reply) => {
      const work = await engine.remove(request.params.id, request.query)
      return respondWithJob(
        request,
        reply,
        work,
        backup => ({ success: true, message: 'Backup moved to the trash', backup: presentBackup(backup) })
      )
    }
  )

  app.post(
    '/api/backups/:id/undelete',
    route('admin', {
      operationId: 'undeleteBackup',
      tag: 'backups',
      summary: 'Restore a backup from the trash',
      action: 'backup undelete',
      starts: 'undelete',
      answers: { 200: backupMessageAnswer, 202: jobAnswer },
      errors: ['BACKUP_NOT_FOUND', 'BACKUP_NOT_IN_TRASH', 'BACKUP_DELETED', 'BACKUP_BUSY', 'SHUTTING_DOWN']
    }, { params: idParams }),
    async (request, reply) => {
      const work = await engine.undelete(request.params.id)
      return respondWithJob(
        request,
        reply,
        work,
        backup => ({ success: true, message: 'Backup restored from the trash', backup: presentBackup(backup) })
      )
    }
  )
}
