import { after, type TestContext } from 'node:test'

/**
 * For what all tests of a file share: it is cleaned up after the last one. To be used outside of them; within a test,
 * `after` of Node means that one.
 */
export const wholeFile: Pick<TestContext, 'after'> = {
  after (clean, options) {
    after(clean as Parameters<typeof after>[0], options)
  }
}
