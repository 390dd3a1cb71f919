import type { z } from 'zod'
import { toBackupError } from '../../core/errors.ts'
import type { Engine } from '../../engine/engine.ts'
import type { Rescued } from '../../engine/restore/rows.ts'
import { presentCompared, presentRescued } from '../../present/rows.ts'
import { route, type App } from '../route.ts'
import { idParams } from '../schemas/common.ts'
import { jobAnswer } from '../schemas/job.ts'
import { diffAnswer, diffQuery, rescueAnswer, rescueBody } from '../schemas/rows.ts'
import type { Role } from '../roles.ts'
import { respondWithJob } from '../work.ts'

/** Single rows of a backup: what became of them, and bringing them back. */
export function rowRoutes (
  app: App,
  { engine, ownSource }: { readonly engine: Pick<Engine, 'backup' | 'diff' | 'rescue'>, readonly ownSource: string }
): void {
  /**
   * Counts are for operators; what is in the rows, and whatever is in the catalog, only for those who may download it.
   */
  const roleForDiff = async (
    id: number,
    { with: other, rows, member }: z.infer<typeof diffQuery>
  ): Promise<Role> => {
    if (rows > 0 || member === ownSource) return 'admin'
    const sources = await Promise.all([id, ...other === 'live' ? [] : [other]].map(one => sourceOf(engine, one)))
    return sources.includes(ownSource) ? 'admin' : 'operator'
  }

  app.get(
    '/api/backups/:id/diff',
    route('operator', {
      operationId: 'diffBackup',
      tag: 'backups',
      summary: 'Compare the rows of a backup',
      description:
        'Numbers of added, removed and changed rows of each table, compared with the live database or another backup; with `rows`, also the rows.',
      action: 'diff',
      starts: 'diff',
      needs: {
        says: 'Rows, and backups of the catalog, require admin.',
        role: ({ params, query }) =>
          roleForDiff((params as z.infer<typeof idParams>).id, query as z.infer<typeof diffQuery>)
      },
      answers: { 200: diffAnswer, 202: jobAnswer },
      errors: [
        'BACKUP_NOT_FOUND',
        'SOURCE_NOT_FOUND',
        'TABLE_NOT_FOUND',
        'BACKUP_NOT_COMPLETED',
        'BACKUP_DELETED',
        'MANIFEST_UNSIGNED',
        'BACKUP_BUSY',
        'METHOD_UNSUPPORTED',
        'CHECKSUM_MISMATCH',
        'DECODE_FAILED',
        'SOURCE_LOCKED',
        'SOURCE_MISSING',
        'SOURCE_MALFORMED',
        'DISK_FULL',
        'CANCELLED',
        'SHUTTING_DOWN'
      ]
    }, { params: idParams, querystring: diffQuery }),
    async (request, reply) => {
      const { with: other, member, table: tables, rows, from, valueBytes } = request.query
      request.onlyAsks = rows === 0
      const work = await engine.diff(request.params.id, { with: other, member, tables, rows, from, valueBytes })
      return respondWithJob(request, reply, work, compared => ({ success: true, ...presentCompared(compared) }))
    }
  )

  app.post(
    '/api/backups/:id/rescue',
    route('admin', {
      operationId: 'rescueRows',
      tag: 'backups',
      action: 'rescue',
      summary: 'Copy rows of a backup into the live database',
      description:
        'Runs in one transaction and includes missing rows to which the chosen rows refer, parents before children. Later changes are kept. Before live rows are overwritten, the database is backed up, and `undo` shows how to revert.',
      starts: 'rescue',
      answers: { 200: rescueAnswer, 202: jobAnswer },
      errors: [
        'BACKUP_NOT_FOUND',
        'SOURCE_NOT_FOUND',
        'TABLE_NOT_FOUND',
        'BACKUP_NOT_COMPLETED',
        'BACKUP_DELETED',
        'MANIFEST_UNSIGNED',
        'BACKUP_BUSY',
        'BACKUP_IN_PROGRESS',
        'METHOD_UNSUPPORTED',
        'CHECKSUM_MISMATCH',
        'DECODE_FAILED',
        'ROWS_IN_THE_WAY',
        'ROWS_REFUSED',
        'RESTORE_TARGET_INVALID',
        'SOURCE_LOCKED',
        'SOURCE_MISSING',
        'SOURCE_MALFORMED',
        'DISK_FULL',
        'CANCELLED',
        'SHUTTING_DOWN'
      ]
    }, { params: idParams, body: rescueBody }),
    async (request, reply) => {
      const { member, tables, where, conflict, children, dryRun, timeoutMs } = request.body
      // It writes nothing, and yet its counts tell what is in the rows.
      if (dryRun) request.deed = 'rescue dry-run'
      const selections = tables.map(table =>
        typeof table === 'string' ? { table, where } : { table: table.name, where: table.where ?? where }
      )
      const work = await engine.rescue(request.params.id, {
        member,
        selections,
        conflict,
        children,
        dryRun,
        timeout: timeoutMs
      })
      return respondWithJob(
        request,
        reply,
        work,
        rescued => ({ success: true, message: inWords(rescued), ...presentRescued(rescued) })
      )
    }
  )
}

/** undefined: there is no such backup, which the route itself says. */
async function sourceOf (engine: Pick<Engine, 'backup'>, id: number): Promise<string | undefined> {
  try {
    return (await engine.backup(id)).source
  } catch (thrown) {
    if (toBackupError(thrown).code === 'BACKUP_NOT_FOUND') return undefined
    throw thrown
  }
}

function inWords ({ backup, dryRun, rescue: { tables, refused } }: Rescued): string {
  if (refused) return `No row of backup ${backup.id} would be written: see "conflicts"`
  const written = tables.reduce((sum, { inserted, overwritten }) => sum + inserted + overwritten, 0)
  const rows = written === 1 ? '1 row' : `${written} rows`
  return dryRun
    ? `${rows} of backup ${backup.id} would be written`
    : `${rows} of backup ${backup.id} were written into the live database`
}
