import { BackupError, toBackupError } from '../../core/errors.ts'
import { inconclusive, type AssertionResult } from '../../core/restore/drill.ts'
import type { AssessFile } from '../../core/restore/rehearsal.ts'
import { sibling } from '../child.ts'
import { DEFAULT_LIMITS, startSubprocess, type ChildLimits } from '../subprocess.ts'
import { SQLITE_CHILD } from './open.ts'
import type { AssessMessage, AssessTask } from './protocol.ts'

/** No query gets longer. Milliseconds. */
const LONGEST = 60_000

/**
 * Evaluates assertions on SQLite databases: each in a child process of its own, so that one that never ends can be
 * ended.
 */
export function sqliteAssessor (
  longest = LONGEST,
  { memory }: Pick<ChildLimits, 'memory'> = DEFAULT_LIMITS
): AssessFile {
  return async (path, assertions, at, signal) => {
    const results: AssertionResult[] = []
    for (const assertion of assertions) {
      results.push(await assessOne({ path, assertion, at: at.toISOString() }, { timeout: longest, memory }, signal))
    }
    return results
  }
}

async function assessOne (task: AssessTask, limits: ChildLimits, signal: AbortSignal): Promise<AssertionResult> {
  let told: AssessMessage | undefined
  const child = startSubprocess({
    entry: sibling(import.meta.url, 'assess-child'),
    task,
    ...SQLITE_CHILD,
    onMessage: message => {
      told = message as AssessMessage
    },
    ...limits
  }, signal)
  child.image.resume()
  try {
    await child.ended
  } catch (thrown) {
    const { code } = toBackupError(thrown)
    if (code === 'PROCESS_TIMED_OUT') {
      return inconclusive(task.assertion, `the query did not finish within ${limits.timeout / 1000} seconds`)
    }
    if (code === 'PROCESS_OUT_OF_MEMORY') {
      return inconclusive(task.assertion, `the query used more than ${limits.memory} bytes of memory`)
    }
    throw thrown
  }
  if (told?.type !== 'result') {
    throw new BackupError('SOURCE_FAILED', 'the process that evaluates an assertion ended without a result', {
      hint: 'Try again.'
    })
  }
  return told.result
}
