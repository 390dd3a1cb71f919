import { existsSync, readFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { until } from '../streams.ts'

/** The ids of the children of this process. */
export const CHILDREN = `/proc/self/task/${process.pid}/children`

/** Whether the system tells the children of a process. Where it does not, the test is skipped and says why. */
export function needChildren (t: Pick<TestContext, 'skip'>): boolean {
  if (existsSync(CHILDREN)) return true
  t.skip('this system does not tell the children of a process')
  return false
}

/** The process of a source that is at work for this one, by a word of its command line; waits until there is one. */
export async function childAtWork (word: string): Promise<number> {
  let found: number | undefined
  await until(() => {
    found = childrenAtWork(word)[0]
    return found !== undefined
  })
  return found ?? 0
}

/** The processes that are at work for this one, by a word of their command lines. */
export function childrenAtWork (word: string): readonly number[] {
  return readFileSync(CHILDREN, 'utf8').trim().split(' ').filter(Boolean).map(Number).filter(pid =>
    commandOf(pid).includes(word)
  )
}

/** One that has just ended has no command line any more. */
function commandOf (pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
