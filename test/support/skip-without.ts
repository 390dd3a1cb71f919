import { spawnSync } from 'node:child_process'
import type { TestContext } from 'node:test'

/**
 * Whether a tool of the system is there. Where it is not, the test is skipped and says why; under CI that is a failure.
 */
export function needTool (t: Pick<TestContext, 'skip'>, tool: string): boolean {
  if (spawnSync(tool, ['--version'], { stdio: 'ignore' }).error === undefined) return true
  const reason = `"${tool}" is not installed here`
  if (process.env.CI === 'true') throw new Error(`${reason}, and CI must not skip`)
  t.skip(reason)
  return false
}

/** Whether the test may mount and change users. Where it may not, the test is skipped and says why. */
export function needRoot (t: Pick<TestContext, 'skip'>): boolean {
  if (process.getuid?.() === 0) return true
  t.skip('only root may do what this test needs')
  return false
}
