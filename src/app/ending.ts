import { setTimeout as wait } from 'node:timers/promises'

/** What is under way may end by itself for so long. Milliseconds. */
const PATIENCE = 2000
const STEP = 20

/**
 * Ends the process with `code` where calls of the file system hang, as they do on a network mount whose server is gone,
 * and does nothing otherwise. Such a process does not end by itself, and `process.exit` waits for the threads of these
 * calls: but a process that becomes another program gives them up.
 */
export async function endIfHung (code: number): Promise<void> {
  for (let waited = 0; isCalling(); waited += STEP) {
    if (waited >= PATIENCE) process.execve?.(process.execPath, [process.execPath, '-e', `process.exitCode = ${code}`])
    await wait(STEP)
  }
}

function isCalling (): boolean {
  return process.getActiveResourcesInfo().some(kind => kind.startsWith('FSReq'))
}
