import { BackupError, toBackupError, type ErrorCode } from '../../../core/errors.ts'
import type { ExportedTable, ExportRequest, ExportTool, WriteExport } from '../../../core/ports/export.ts'
import { MAIN } from '../../../core/ports/part.ts'
import { lastLink } from '../../../core/restore/restorable.ts'
import { sibling } from '../../child.ts'
import { DEFAULT_LIMITS, startSubprocess, timeFor, type ChildLimits } from '../../subprocess.ts'
import { SQLITE_CHILD } from '../open.ts'
import { sqliteProbe } from '../probe.ts'
import { sizeOf } from '../sqlite-source.ts'
import type { ExportMessage, ExportTask } from './protocol.ts'

const DAMAGE: ReadonlySet<ErrorCode> = new Set(['SOURCE_MALFORMED', 'SOURCE_NOT_A_DATABASE'])

/**
 * Exports rows of SQLite databases, in child processes; rows that have to be sorted go to `scratchDir` where memory
 * does not hold them.
 */
export function sqliteExport (scratchDir: string, limits: ChildLimits = DEFAULT_LIMITS): ExportTool {
  return {
    async fromBackup (backup, request, write, signal) {
      const path = await lastLink(backup).images.file(MAIN, signal)
      try {
        return await run({ path, isLive: false, request }, sizeOf(path), write, signal)
      } catch (thrown) {
        const error = toBackupError(thrown)
        throw DAMAGE.has(error.code) ? new BackupError('BACKUP_INVALID', error.message, { cause: error }) : thrown
      }
    },
    async fromSource ({ location }, request, write, signal) {
      const { size } = await sqliteProbe(location, limits)(signal)
      return await run({ path: location, isLive: true, request }, size, write, signal)
    }
  }

  async function run (
    task: ExportTask,
    size: number,
    write: WriteExport,
    signal: AbortSignal
  ): Promise<ExportedTable> {
    let reported: ExportMessage | undefined
    const child = startSubprocess({
      entry: sibling(import.meta.url, 'export-child'),
      task,
      ...SQLITE_CHILD,
      ...slownessOf(task.request),
      environment: { ...SQLITE_CHILD.environment, SQLITE_TMPDIR: scratchDir },
      onMessage: message => {
        reported = message as ExportMessage
      },
      ...limits,
      timeout: timeFor(size, limits)
    }, signal)
    try {
      for await (const chunk of child.image as AsyncIterable<Buffer>) await write(chunk)
      await child.ended
    } finally {
      child.kill()
      await child.ended.catch(() => {})
    }
    if (reported?.type !== 'exported') {
      throw new BackupError('SOURCE_FAILED', 'the process that exports the rows ended without a result', {
        hint: 'Try again.'
      })
    }
    return { table: reported.table, rows: reported.rows }
  }
}

function slownessOf ({ where }: ExportRequest): { readonly slow?: string } {
  return where === undefined ? {} : { slow: 'Simplify the condition' }
}
