import { BackupError, toBackupError, type ErrorCode } from '../../core/errors.ts'
import { MAIN } from '../../core/ports/part.ts'
import type { QueryTool } from '../../core/ports/query.ts'
import { sibling } from '../child.ts'
import { DEFAULT_LIMITS, startSubprocess, timeFor, type ChildLimits } from '../subprocess.ts'
import { assertionProblem } from './assertion-sql.ts'
import { SQLITE_CHILD } from './open.ts'
import type { QueryTask } from './protocol.ts'
import { readRecords } from './query-record.ts'
import { sizeOf } from './sqlite-source.ts'

/** A query gets so long, and some time for each byte of the database. Milliseconds. */
const LONGEST = 60_000

const DAMAGE: ReadonlySet<ErrorCode> = new Set(['SOURCE_MALFORMED', 'SOURCE_NOT_A_DATABASE'])

/** Runs queries on SQLite databases, each in a child process. */
export function sqliteQuery ({ memory }: Pick<ChildLimits, 'memory'> = DEFAULT_LIMITS, longest = LONGEST): QueryTool {
  return {
    async *namedFiles (images, sql, signal) {
      const problem = assertionProblem(sql, [])
      if (problem !== undefined) throw failed(`the query ${problem}`)
      const path = await images.file(MAIN, signal)
      const task: QueryTask = { path, sql }
      const limits: ChildLimits = { memory, timeout: timeFor(sizeOf(path), { timeout: longest, memory }) }
      const child = startSubprocess({
        entry: sibling(import.meta.url, 'query-child'),
        task,
        ...SQLITE_CHILD,
        onMessage: () => {},
        ...limits
      }, signal)
      try {
        yield* readRecords(child.image)
        await child.ended
      } catch (thrown) {
        throw signal.aborted ? signal.reason : queryError(thrown, limits)
      } finally {
        child.kill()
        await child.ended.catch(() => {})
      }
    }
  }
}

function queryError (thrown: unknown, { timeout, memory }: ChildLimits): unknown {
  const error = toBackupError(thrown)
  const { code, message } = error
  if (code === 'PROCESS_TIMED_OUT') {
    return failed(`the query did not finish within ${Math.round(timeout / 1000)} seconds`, error)
  }
  if (code === 'PROCESS_OUT_OF_MEMORY') return failed(`the query used more than ${memory} bytes of memory`, error)
  return DAMAGE.has(code) ? new BackupError('BACKUP_INVALID', message, { cause: error }) : error
}

function failed (message: string, cause?: unknown): BackupError {
  return new BackupError('QUERY_FAILED', message, {
    hint: 'Correct the query, or make it simpler.',
    ...cause !== undefined && { cause }
  })
}
