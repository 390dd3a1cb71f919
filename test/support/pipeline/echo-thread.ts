import { parentPort, workerData } from 'node:worker_threads'
import { openChannel } from '../../../src/pipeline/thread-channel.ts'

/** The thread of a thread stage: writes letters large (`echo`), fails (`fail`), or ends without a word (`leave`). */
const channel = openChannel(parentPort!)
if (workerData === 'leave') process.exit(0)
void echo()

async function echo (): Promise<void> {
  for await (const chunk of channel.input) {
    if (workerData === 'fail') channel.fail('damage', 'no frame')
    else await channel.send(new TextEncoder().encode(new TextDecoder().decode(chunk).toUpperCase()))
  }
  channel.end()
}
