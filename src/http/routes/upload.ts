import { z } from 'zod'
import type { ReplicationVerbs } from '../../engine/replication/verbs.ts'
import { presentBackup } from '../../present/backup.ts'
import { route, type App } from '../route.ts'
import { backupMessageAnswer } from '../schemas/backup.ts'
import { idParams, storeName } from '../schemas/common.ts'
import { jobAnswer } from '../schemas/job.ts'
import { respondWithJob } from '../work.ts'

const uploadBody = z.strictObject({
  store: storeName.optional().meta({ description: 'Only to this store; default: all stores of the source.' })
}).prefault({})

export function uploadRoute (app: App, { engine }: { readonly engine: ReplicationVerbs }): void {
  app.post(
    '/api/backups/:id/upload',
    route('operator', {
      operationId: 'uploadBackup',
      tag: 'backups',
      summary: 'Copy a backup to the other stores, or to one of them',
      action: 'backup upload',
      description:
        'Existing copies are checked and kept. Each new copy is verified after the upload. A failing store does not affect the others.',
      starts: 'upload',
      answers: { 200: backupMessageAnswer, 202: jobAnswer },
      errors: [
        'BACKUP_NOT_FOUND',
        'BACKUP_NOT_COMPLETED',
        'BACKUP_DELETED',
        'MANIFEST_UNSIGNED',
        'BACKUP_BUSY',
        'STORE_NOT_FOUND',
        'STORE_NOT_OF_SOURCE',
        'STORE_UNAVAILABLE',
        'STORE_FAILED',
        'OBJECT_EXISTS',
        'OBJECT_NOT_FOUND',
        'OBJECT_ARCHIVED',
        'CHECKSUM_MISMATCH',
        'CANCELLED',
        'SHUTTING_DOWN'
      ]
    }, { params: idParams, body: uploadBody }),
    async (request, reply) => {
      const work = await engine.upload(request.params.id, request.body)
      return respondWithJob(
        request,
        reply,
        work,
        backup => ({
          success: true,
          message: `Backup is in ${uploadedTo(backup.copies)}`,
          backup: presentBackup(backup)
        })
      )
    }
  )
}

function uploadedTo (copies: ReadonlyArray<{ readonly store: string, readonly status: string }>): string {
  return copies.filter(({ status }) => status === 'stored').map(({ store }) => `"${store}"`).join(', ')
}
