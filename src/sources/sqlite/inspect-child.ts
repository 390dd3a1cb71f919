import { runChild } from '../child.ts'
import { inspect } from './inspect.ts'
import type { InspectMessage, InspectTask } from './protocol.ts'

await runChild<InspectTask, InspectMessage>(async ({ path, expected }, send) => {
  await send({ type: 'checks', checks: inspect(path, expected) })
})
