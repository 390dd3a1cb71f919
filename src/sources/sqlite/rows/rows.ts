import { BackupError } from '../../../core/errors.ts'
import { MAIN } from '../../../core/ports/part.ts'
import { lastLink, type Restorable } from '../../../core/restore/restorable.ts'
import type { RowTool } from '../../../core/restore/rows.ts'
import { sibling } from '../../child.ts'
import { DEFAULT_LIMITS, startSubprocess, timeFor, type ChildLimits } from '../../subprocess.ts'
import { SQLITE_CHILD } from '../open.ts'
import { sqliteProbe } from '../probe.ts'
import { sizeOf } from '../sqlite-source.ts'
import type { RowsMessage, RowsTask } from './protocol.ts'

/** The databases that a piece of work reads. A live one may be on a mount that does not answer. */
interface Read {
  readonly images: readonly string[]
  readonly live?: string
}

/**
 * Rows of SQLite databases, in child processes; what is sorted on the way goes to `scratchDir` where memory does not
 * hold it.
 */
export function sqliteRows (scratchDir: string, limits: ChildLimits = DEFAULT_LIMITS): RowTool {
  const inChild = async <T extends RowsMessage['type']>(
    task: RowsTask,
    type: T,
    { images, live }: Read,
    signal: AbortSignal
  ) => {
    const size = live === undefined ? 0 : (await sqliteProbe(live, limits)(signal)).size
    return await run(task, type, scratchDir, {
      ...limits,
      timeout: timeFor(images.reduce((sum, path) => sum + sizeOf(path), size), limits)
    }, signal)
  }
  return {
    async diff (backup, other, request, signal) {
      const before = await imageOf(backup, signal)
      const isLive = 'location' in other
      const after = { path: isLive ? other.location : await imageOf(other, signal), isLive }
      return (await inChild(
        { type: 'diff', before, after, request },
        'difference',
        isLive ? { images: [before], live: after.path } : { images: [before, after.path] },
        signal
      )).difference
    },
    async plan (backup, { location: live }, request, signal) {
      const image = await imageOf(backup, signal)
      return (await inChild({ type: 'plan', image, live, request }, 'rescue', { images: [image], live }, signal)).rescue
    },
    async rescue (backup, { location: live }, request, signal) {
      const image = await imageOf(backup, signal)
      return (await inChild({ type: 'rescue', image, live, request }, 'rescue', { images: [image], live }, signal))
        .rescue
    },
    async extract (backup, selection, file, signal) {
      const image = await imageOf(backup, signal)
      return (await inChild({ type: 'extract', image, selection, file }, 'extracted', { images: [image] }, signal)).rows
    }
  }
}

async function imageOf (backup: Restorable, signal: AbortSignal): Promise<string> {
  return await lastLink(backup).images.file(MAIN, signal)
}

async function run<T extends RowsMessage['type']> (
  task: RowsTask,
  type: T,
  scratchDir: string,
  limits: ChildLimits,
  signal: AbortSignal
): Promise<Extract<RowsMessage, { type: T }>> {
  let told: RowsMessage | undefined
  const child = startSubprocess({
    entry: sibling(import.meta.url, 'rows-child'),
    task,
    ...SQLITE_CHILD,
    environment: { ...SQLITE_CHILD.environment, SQLITE_TMPDIR: scratchDir },
    onMessage: message => {
      told = message as RowsMessage
    },
    ...limits
  }, signal)
  child.image.resume()
  await child.ended
  if (told?.type !== type) {
    throw new BackupError('SOURCE_FAILED', 'the process that reads the rows ended without a result', {
      hint: 'Try again.'
    })
  }
  return told as Extract<RowsMessage, { type: T }>
}
