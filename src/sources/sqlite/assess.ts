import { notTold, type AssertionResult, type Assessor } from '../../core/drill.ts'
import { BackupError } from '../../core/errors.ts'
import { sibling } from '../child.ts'
import { startSubprocess } from '../subprocess.ts'
import { CHILD_ENVIRONMENT } from './open.ts'
import type { AssessMessage, AssessTask } from './protocol.ts'

/** No query gets longer. Milliseconds. */
const LONGEST = 60_000

/** Evaluates assertions on SQLite databases: each in a child process of its own, so that one that never ends can be ended. */
export function sqliteAssessor (longest = LONGEST): Assessor {
  return {
    async assess (path, assertions, at, signal) {
      const results: AssertionResult[] = []
      for (const assertion of assertions) results.push(await assessOne({ path, assertion, at: at.toISOString() }, longest, signal))
      return results
    }
  }
}

async function assessOne (task: AssessTask, longest: number, signal: AbortSignal): Promise<AssertionResult> {
  const timeout = AbortSignal.timeout(longest)
  let told: AssessMessage | undefined
  const child = startSubprocess({
    entry: sibling(import.meta.url, 'assess-child'),
    task,
    environment: CHILD_ENVIRONMENT,
    onMessage: message => { told = message as AssessMessage }
  }, AbortSignal.any([signal, timeout]))
  child.image.resume()
  try {
    await child.ended
  } catch (thrown) {
    if (timeout.aborted && !signal.aborted) return notTold(task.assertion, `the query did not end within ${longest / 1000} seconds`)
    throw thrown
  }
  if (told?.type !== 'result') throw new BackupError('SOURCE_FAILED', 'the process that evaluates an assertion ended without a result', { hint: 'Try again.' })
  return told.result
}
