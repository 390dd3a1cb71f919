import { ERRORS, type ErrorCode } from '../../core/errors.ts'
import type { BackupVerbs } from '../../engine/backup/verbs.ts'
import { presentBackup } from '../../present/backup.ts'
import { presentRemovedFor } from '../../present/removal.ts'
import { route, type App } from '../route.ts'
import { createBody, createdAnswer } from '../schemas/backup.ts'
import { jobAnswer } from '../schemas/job.ts'
import { respondWithJob } from '../work.ts'

const SOURCE_ERRORS = (Object.keys(ERRORS) as ErrorCode[]).filter(code => code.startsWith('SOURCE_'))

export function createRoute (app: App, { engine }: { readonly engine: BackupVerbs }): void {
  app.post(
    '/api/backups',
    route('operator', {
      operationId: 'createBackup',
      tag: 'backups',
      summary: 'Make a backup now',
      action: 'backup create',
      description:
        'Without a body: a manual full backup of the default source. For an operator, no other backup is removed to make room (DISK_FULL).',
      starts: 'create',
      answers: { 201: createdAnswer, 202: jobAnswer },
      errors: [
        'BACKUP_IN_PROGRESS',
        'METHOD_UNSUPPORTED',
        'CANCELLED',
        'VERIFICATION_FAILED',
        'DISK_FULL',
        'FILE_SIZE_LIMIT',
        'STORE_UNAVAILABLE',
        'STORE_NOT_FOUND',
        'STORE_FAILED',
        'OBJECT_EXISTS',
        'CHECKSUM_MISMATCH',
        'SHUTTING_DOWN',
        ...SOURCE_ERRORS
      ]
    }, { body: createBody }),
    async (request, reply) => {
      const { source, type, method, description, compression, verify, upload } = request.body
      const work = await engine.create({
        source,
        type,
        method,
        description,
        compression,
        verify,
        upload,
        mayRemove: request.caller?.role === 'admin'
      })
      request.target = work.job.source === null ? null : `source ${work.job.source}`
      return respondWithJob(request, reply, work, created => {
        reply.code(201).header('location', `/api/backups/${created.id}`)
        return {
          success: true,
          message: 'Backup created successfully',
          backup: presentBackup(created),
          ...presentRemovedFor(created)
        }
      })
    }
  )
}
