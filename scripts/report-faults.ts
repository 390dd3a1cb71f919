import type { TestEvent } from 'node:test/reporters'
import { TOLD } from '../test/support/fault-count.ts'

/**
 * A reporter of node:test that adds up what the tests tell of the faults that they planted, and says it once at the
 * end.
 */
export default async function* reportFaults (events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const sum = { planted: 0, fired: 0 }
  for await (const event of events) {
    if (event.type !== 'test:diagnostic') continue
    const [, planted = '0', fired = '0'] = TOLD.exec(event.data.message) ?? []
    sum.planted += Number(planted)
    sum.fired += Number(fired)
  }
  if (sum.planted > 0) yield `${sum.planted} faults planted, ${sum.fired} fired\n`
}
