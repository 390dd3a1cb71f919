import { closeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { systemCode } from '../../core/errors.ts'
import { writePages, type PageSource } from './pages.ts'

/**
 * Moves pages in a thread of its own, so that rows can be counted meanwhile. It opens no file and closes none of the
 * database's: the descriptors belong to the thread that holds the locks.
 */
export interface PageWork {
  readonly pages: PageSource
  readonly outFd: number
  /** Whether `outFd` is done with afterwards. */
  readonly close: boolean
}

const work = workerData as PageWork
try {
  writePages(work.pages, work.outFd)
} catch (error) {
  // Whoever reads the image has gone, so there is nobody to tell.
  if (systemCode(error) === 'EPIPE') process.kill(process.pid, 'SIGKILL')
  throw error
}
if (work.close) closeSync(work.outFd)
parentPort?.postMessage('done')
