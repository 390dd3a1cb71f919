import { writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { workerData } from 'node:worker_threads'
import { TOO_MUCH_MEMORY } from './watch-mark.ts'

/**
 * Ends a child process while its main thread is inside SQLite, where no event reaches it: at once when the parent is
 * gone, whose end of standard input closes with it, and when the process takes more memory than it may.
 */
export interface Watch {
  /** The pipe whose other end the parent holds. */
  readonly fd: number
  /** Bytes of resident memory. */
  readonly memoryLimit: number
}

/** Milliseconds between two looks at the memory, in which SQLite fills some hundred megabytes at most. */
const LOOK_EVERY = 100
const STDERR_FD = 2

const { fd, memoryLimit } = workerData as Watch
new Socket({ fd, readable: true, writable: false }).on('error', end).on('close', end).resume()
setInterval(() => {
  if (process.memoryUsage.rss() <= memoryLimit) return
  writeSync(STDERR_FD, `${TOO_MUCH_MEMORY}\n`)
  end()
}, LOOK_EVERY)

function end (): void {
  process.kill(process.pid, 'SIGKILL')
}
