import { z } from 'zod'
import type { KindOutline } from '../../core/ports/source-kind.ts'
import type { Engine } from '../../engine/engine.ts'
import { presentWarning } from '../../present/backup.ts'
import { presentDryRun } from '../../present/dry-run.ts'
import { presentRestore, presentUndo } from '../../present/restore.ts'
import { presentSignature } from '../../present/signature.ts'
import { route, type App } from '../route.ts'
import { formatCursor, idParams } from '../schemas/common.ts'
import { jobAnswer } from '../schemas/job.ts'
import {
  restoreAnswer,
  restoreBody,
  restoreDryRunAnswer,
  restoreListAnswer,
  restoreListQuery,
  undoBody,
  undoneAnswer
} from '../schemas/restore.ts'
import { respondWithJob } from '../work.ts'

/** Putting backups back, and what became of it. */
export function restoreRoutes (
  app: App,
  { engine, kinds }: {
    readonly engine: Pick<
      Engine,
      'backup' | 'restore' | 'restoreDryRun' | 'restores' | 'undoRestore' | 'discardPrevious'
    >
    readonly kinds: readonly KindOutline[]
  }
): void {
  app.post(
    '/api/backups/:id/restore',
    route('admin', {
      operationId: 'restoreBackup',
      tag: 'backups',
      action: 'restore',
      summary: 'Restore a backup',
      description:
        'Verifies the backup and backs up the current content first; `undo` shows how to restore that content. `target` must be in one of the directories of RESTORE_DIRS. If the restore fails, the target is unchanged; of a set, all members are. With `dryRun`, nothing is changed.',
      starts: 'restore',
      answers: { 200: z.union([restoreAnswer, restoreDryRunAnswer]), 202: jobAnswer },
      errors: [
        'BACKUP_NOT_FOUND',
        'SOURCE_NOT_FOUND',
        'BACKUP_NOT_COMPLETED',
        'BACKUP_DELETED',
        'BACKUP_BUSY',
        'BACKUP_IN_PROGRESS',
        'BACKUP_INVALID',
        'METHOD_UNSUPPORTED',
        'PATH_NOT_FOUND',
        'TABLE_NOT_FOUND',
        'CHECKSUM_MISMATCH',
        'MANIFEST_UNSIGNED',
        'RESTORE_TARGET_EXISTS',
        'RESTORE_TARGET_INVALID',
        'RESTORE_TARGET_FORBIDDEN',
        'RESTORE_TARGET_UNWRITABLE',
        'RESTORE_TARGET_OPEN',
        'RESTORE_PAGE_SIZE',
        'RESTORE_REQUIREMENT_MISSING',
        'SOURCE_UNREACHABLE',
        'SOURCE_UNAUTHENTICATED',
        'SOURCE_TOOL_MISSING',
        'RESTORE_FAILED',
        'SOURCE_LOCKED',
        'SOURCE_MISSING',
        'SOURCE_MALFORMED',
        'DISK_FULL',
        'FILE_SIZE_LIMIT',
        'CANCELLED',
        'SHUTTING_DOWN'
      ]
    }, { params: idParams, body: restoreBody(kinds) }),
    async (request, reply) => {
      const { target, mode, overwrite, owners, tables, schemas, verify, timeoutMs, dryRun, paths, members } =
        request.body
      if (dryRun) {
        request.deed = 'restore dry-run'
        const work = await engine.restoreDryRun(request.params.id, {
          target,
          isConfined: true,
          mode,
          overwrite,
          owners,
          tables,
          schemas,
          paths,
          members
        })
        return respondWithJob(request, reply, work, found => ({
          success: true,
          message: `Nothing was changed: "dryRun" shows what a restore of backup ${found.backup.id} would change`,
          dryRun: presentDryRun(found)
        }))
      }
      const backup = await engine.backup(request.params.id)
      const warning = presentWarning(backup)
      const work = await engine.restore(request.params.id, {
        target,
        isConfined: true,
        mode,
        overwrite,
        owners,
        tables,
        schemas,
        paths,
        members,
        verify,
        timeout: timeoutMs,
        actor: request.caller?.token.subject ?? undefined
      })
      return respondWithJob(request, reply, work, restore => ({
        success: true,
        message: `Backup ${restore.backupId} restored to "${restore.target}"`,
        restore: presentRestore(restore),
        undo: presentUndo(restore),
        warning,
        signature: presentSignature(backup.signature)
      }))
    }
  )

  app.post(
    '/api/restores/:id/undo',
    route('admin', {
      operationId: 'undoRestore',
      tag: 'backups',
      action: 'restore undo',
      summary: 'Undo a restore',
      description:
        'Puts the previous content back, which the restore of a directory or of a PostgreSQL database kept. The restored content is removed, with all changes since the restore. The `undo` of other restores names a backup.',
      starts: 'restore',
      answers: { 200: undoneAnswer, 202: jobAnswer },
      errors: [
        'RESTORE_NOT_FOUND',
        'RESTORE_NOT_UNDOABLE',
        'RESTORE_TARGET_OPEN',
        'SOURCE_NOT_FOUND',
        'BACKUP_IN_PROGRESS',
        'CANCELLED',
        'SHUTTING_DOWN'
      ]
    }, { params: idParams, body: undoBody }),
    async (request, reply) => {
      const work = await engine.undoRestore(request.params.id)
      return respondWithJob(request, reply, work, restore => ({
        success: true,
        message: `Restore ${restore.id} undone: "${restore.target}" has its previous content`,
        restore: presentRestore(restore)
      }))
    }
  )

  app.post(
    '/api/restores/:id/discard',
    route('admin', {
      operationId: 'discardPrevious',
      tag: 'backups',
      action: 'restore discard',
      summary: 'Remove the previous content that a restore kept',
      description: 'Afterwards the restore cannot be undone.',
      starts: 'restore',
      answers: { 200: undoneAnswer, 202: jobAnswer },
      errors: [
        'RESTORE_NOT_FOUND',
        'RESTORE_NOT_UNDOABLE',
        'RESTORE_TARGET_OPEN',
        'BACKUP_IN_PROGRESS',
        'CANCELLED',
        'SHUTTING_DOWN'
      ]
    }, { params: idParams, body: undoBody }),
    async (request, reply) => {
      const work = await engine.discardPrevious(request.params.id)
      return respondWithJob(request, reply, work, restore => ({
        success: true,
        message: `The previous content that restore ${restore.id} kept was removed`,
        restore: presentRestore(restore)
      }))
    }
  )

  app.get(
    '/api/restores',
    route('viewer', {
      operationId: 'listRestores',
      tag: 'backups',
      summary: 'List restores and drills, newest first',
      answers: { 200: restoreListAnswer }
    }, { querystring: restoreListQuery }),
    async ({ query: { cursor: before, ...query } }) => {
      const { restores, next } = await engine.restores({ ...query, before })
      return {
        success: true,
        restores: restores.map(presentRestore),
        nextCursor: next === null ? null : formatCursor(next)
      }
    }
  )
}
