import { BackupError } from '../../../core/errors.ts'
import type { RowTool } from '../../../core/rows.ts'
import { sibling } from '../../child.ts'
import { DEFAULT_LIMITS, startSubprocess, timeFor, type ChildLimits } from '../../subprocess.ts'
import { CHILD_ENVIRONMENT } from '../open.ts'
import { sizeOf } from '../sqlite-source.ts'
import type { RowsMessage, RowsTask } from './protocol.ts'

/** Rows of SQLite databases, in child processes; what is sorted on the way goes to `scratchDir` where memory does not hold it. */
export function sqliteRows (scratchDir: string, limits: ChildLimits = DEFAULT_LIMITS): RowTool {
  const inChild = <T extends RowsMessage['type']>(task: RowsTask, type: T, paths: readonly string[], signal: AbortSignal) =>
    run(task, type, scratchDir, { ...limits, timeout: timeFor(paths.reduce((sum, path) => sum + sizeOf(path), 0), limits) }, signal)
  return {
    async diff (before, after, request, signal) {
      return (await inChild({ type: 'diff', before, after, request }, 'difference', [before, after.path], signal)).difference
    },
    async plan (image, live, request, signal) {
      return (await inChild({ type: 'plan', image, live, request }, 'rescue', [image, live], signal)).rescue
    },
    async rescue (image, live, request, signal) {
      return (await inChild({ type: 'rescue', image, live, request }, 'rescue', [image, live], signal)).rescue
    },
    async extract (image, selection, file, signal) {
      return (await inChild({ type: 'extract', image, selection, file }, 'extracted', [image], signal)).rows
    }
  }
}

async function run<T extends RowsMessage['type']> (task: RowsTask, type: T, scratchDir: string, limits: ChildLimits, signal: AbortSignal): Promise<Extract<RowsMessage, { type: T }>> {
  let told: RowsMessage | undefined
  const child = startSubprocess({
    entry: sibling(import.meta.url, 'rows-child'),
    task,
    environment: { ...CHILD_ENVIRONMENT, SQLITE_TMPDIR: scratchDir },
    onMessage: message => { told = message as RowsMessage },
    ...limits
  }, signal)
  child.image.resume()
  await child.ended
  if (told?.type !== type) throw new BackupError('SOURCE_FAILED', 'the process that reads the rows ended without a result', { hint: 'Try again.' })
  return told as Extract<RowsMessage, { type: T }>
}
