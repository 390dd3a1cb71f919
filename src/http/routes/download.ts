import type { ServerResponse } from 'node:http'
import { z } from 'zod'
import { BackupError } from '../../core/errors.ts'
import type { RestoreVerbs } from '../../engine/restore/verbs.ts'
import { hasTag, parseRange } from '../range.ts'
import { route, type App } from '../route.ts'
import { downloadQuery } from '../schemas/backup.ts'
import { idParams } from '../schemas/common.ts'

const octets = { 'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) } }

export function downloadRoute (app: App, { engine }: { readonly engine: RestoreVerbs }): void {
  const sending = new Set<ServerResponse>()
  // Whoever closes the service has given it its time; a download that never ends would take all there is.
  app.addHook('preClose', done => {
    for (const response of sending) response.destroy()
    done()
  })

  const options = route('admin', {
    operationId: 'downloadBackup',
    tag: 'backups',
    summary: 'Download a backup',
    action: 'backup download',
    description:
      '`X-Backup-Store` names the store from which it is read: the nearest one that has the backup. Supports one `Range`, with `If-Range` and `If-None-Match` for the `ETag`. If the content does not match the `ETag`, the response is an error, or the connection is closed before `Content-Length` is reached. The response to the first range of a stored backup starts after the complete backup was read and verified. `part=all` does not support `Range` (`RANGE_NOT_SATISFIABLE`).',
    answers: {
      200: { description: 'The complete content.', content: octets },
      206: { description: 'The requested range.', content: octets }
    },
    errors: [
      'BACKUP_NOT_FOUND',
      'BACKUP_NOT_COMPLETED',
      'BACKUP_DELETED',
      'PART_NOT_FOUND',
      'MANIFEST_UNSIGNED',
      'OBJECT_NOT_FOUND',
      'RANGE_NOT_SATISFIABLE',
      'CHECKSUM_MISMATCH',
      'DECODE_FAILED',
      'STORE_UNAVAILABLE'
    ]
  }, { params: idParams, querystring: downloadQuery })

  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/backups/:id/download',
    ...options,
    handler: async (request, reply) => {
      const { headers } = request
      const download = await engine.download(request.params.id, request.query)
      reply.header('etag', download.etag).header('x-backup-store', download.store)
        .header('accept-ranges', download.hasRanges ? 'bytes' : 'none').header('cache-control', 'private, no-cache')
      if (hasTag(headers['if-none-match'], download.etag)) return reply.code(304).send()

      // A range of something that has changed meanwhile would not fit what the caller holds.
      const current = headers['if-range'] === undefined || headers['if-range'] === download.etag
      const range = request.method === 'GET' && current ? parseRange(headers.range, download.size) : undefined
      if (range !== undefined && !download.hasRanges) {
        throw new BackupError('RANGE_NOT_SATISFIABLE', 'all parts together can only be downloaded completely', {
          hint: 'Omit "Range", or request one part.'
        })
      }
      if (range === null) {
        reply.header('content-range', `bytes */${download.size}`)
        throw new BackupError(
          'RANGE_NOT_SATISFIABLE',
          `the range is outside the ${download.size} bytes of the content`
        )
      }
      if (range !== undefined) {
        reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${download.size}`)
      }
      reply
        .type(download.contentType)
        .header('content-length', range === undefined ? download.size : range.end - range.start + 1)
        .header('content-disposition', `attachment; filename="${download.fileName.replaceAll(/[^\w.-]/g, '_')}"`)
      if (request.method === 'HEAD') return reply.send()

      const left = new AbortController()
      sending.add(reply.raw)
      reply.raw.once('close', () => {
        sending.delete(reply.raw)
        left.abort()
      })
      return reply.send(await download.open(range, left.signal))
    }
  })
}
