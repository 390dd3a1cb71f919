import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'

/** How a test tells its faults: `npm run faults` adds them up over all files. */
export const TOLD = /^faults: (\d+) planted, (\d+) fired \(/

export interface Planted {
  /** To be called where the fault has come true. */
  fired(): void
}

/**
 * Says that the test plants a fault. One that has not come true by the end of the test fails it: it would prove
 * nothing.
 */
export function planted (t: Pick<TestContext, 'after' | 'diagnostic'>, what: string): Planted {
  let fired = 0
  t.after(() => {
    tellPlanted(t, what, 1, fired)
  })
  return {
    fired () {
      fired = 1
    }
  }
}

/** The same for a number of one kind that the test has counted itself. */
export function tellPlanted (
  t: Pick<TestContext, 'diagnostic'>,
  what: string,
  plantedCount: number,
  firedCount: number
): void {
  t.diagnostic(`faults: ${plantedCount} planted, ${firedCount} fired (${what})`)
  assert.equal(firedCount, plantedCount, `a fault that was planted did not come true: ${what}`)
}
