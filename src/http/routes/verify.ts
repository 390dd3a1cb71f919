import type { VerifyVerbs } from '../../engine/verify/verbs.ts'
import { presentFailure } from '../../present/failure.ts'
import { presentVerified } from '../../present/verification.ts'
import { route, type App } from '../route.ts'
import { idParams } from '../schemas/common.ts'
import { jobAnswer } from '../schemas/job.ts'
import { verifyAllAnswer, verifyAllBody, verifyAnswer } from '../schemas/verification.ts'
import { respondWithJob } from '../work.ts'

export function verifyRoutes (app: App, { engine }: { readonly engine: VerifyVerbs }): void {
  app.post(
    '/api/backups/:id/verify',
    route('operator', {
      operationId: 'verifyBackup',
      tag: 'backups',
      summary: 'Verify a backup',
      action: 'backup verify',
      description: '`success` is true if the verification ran; `valid` is its result.',
      starts: 'verify',
      answers: { 200: verifyAnswer, 202: jobAnswer },
      errors: [
        'BACKUP_NOT_FOUND',
        'BACKUP_NOT_COMPLETED',
        'BACKUP_DELETED',
        'MANIFEST_UNSIGNED',
        'BACKUP_BUSY',
        'CANCELLED',
        'SHUTTING_DOWN'
      ]
    }, { params: idParams }),
    async (request, reply) => {
      const work = await engine.verify(request.params.id)
      return respondWithJob(request, reply, work, verified => ({ success: true, ...presentVerified(verified) }))
    }
  )

  app.post(
    '/api/backups/verify',
    route('operator', {
      operationId: 'verifyBackups',
      tag: 'backups',
      summary: 'Verify all completed backups, or those that match',
      action: 'backup verify',
      starts: 'verify-all',
      answers: { 200: verifyAllAnswer, 202: jobAnswer },
      errors: ['SOURCE_NOT_FOUND', 'BACKUP_IN_PROGRESS', 'CANCELLED', 'SHUTTING_DOWN']
    }, { body: verifyAllBody }),
    async (request, reply) => {
      const work = await engine.verifyAll(request.body)
      return respondWithJob(request, reply, work, all => {
        const results = all.results.map(presentVerified)
        const invalid = results.filter(result => !result.valid).length
        return {
          success: true,
          message: messageOf(results.length, invalid, all.failures.length),
          verified: results.length,
          valid: results.length - invalid,
          invalid,
          results,
          failures: all.failures.map(presentFailure)
        }
      })
    }
  )
}

function messageOf (verified: number, invalid: number, failed: number): string {
  if (verified + failed === 0) return 'Nothing to verify: no completed backup of this installation matches'
  const found = invalid === 0
    ? `All ${verified} backups are valid`
    : `${invalid} of ${verified} backups are not valid`
  return failed === 0 ? found : `${found}; ${failed} more could not be verified`
}
