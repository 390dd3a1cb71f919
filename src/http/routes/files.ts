import type { Engine } from '../../engine/engine.ts'
import { presentTreeEntry } from '../../present/tree.ts'
import { route, type App } from '../route.ts'
import { idParams } from '../schemas/common.ts'
import { filesAnswer, filesQuery } from '../schemas/files.ts'

/** The files in the backup of a directory. */
export function fileRoutes (app: App, { engine }: { readonly engine: Pick<Engine, 'files'> }): void {
  app.get(
    '/api/backups/:id/files',
    route('operator', {
      operationId: 'listBackupFiles',
      tag: 'backups',
      summary: 'List the files in a backup',
      description:
        'Only for kinds of sources whose backups consist of files, such as directories. Each request reads the list from the store.',
      answers: { 200: filesAnswer },
      errors: [
        'BACKUP_NOT_FOUND',
        'BACKUP_NOT_COMPLETED',
        'BACKUP_DELETED',
        'BACKUP_INVALID',
        'MANIFEST_UNSIGNED',
        'METHOD_UNSUPPORTED',
        'CHECKSUM_MISMATCH',
        'DECODE_FAILED'
      ]
    }, { params: idParams, querystring: filesQuery }),
    async ({ params: { id }, query: { pattern = [], member, limit, cursor } }) => {
      const { entries, next } = await engine.files(id, { patterns: pattern, limit, after: cursor }, member)
      return { success: true, files: entries.map(presentTreeEntry), nextCursor: next }
    }
  )
}
