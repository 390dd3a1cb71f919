import type { EventEmitter } from 'node:events'
import type { Logger } from '../core/logger.ts'

/**
 * Keeps a mistake in the code from cutting off the work of everybody else. A rejection that nothing waited for belongs
 * to one piece of work, and what that work had begun is recorded in the catalog: it is logged, and the service goes on.
 * After an exception that nothing caught the state of the process is unknown: it is logged, and the service is to be
 * closed in order. Resolves, with `uncaughtException`, when it has come to that; further exceptions are logged only.
 */
export function lastResort (process: Pick<EventEmitter, 'on'>, logger: Logger): Promise<'uncaughtException'> {
  process.on('unhandledRejection', (reason: unknown) => {
    logger.error(
      { err: reason },
      'unhandled rejection: this is a bug, please report it; the service continues'
    )
  })
  return new Promise(resolve => {
    process.on('uncaughtException', (error: unknown) => {
      logger.error(
        { err: error },
        'uncaught exception: this is a bug, please report it; the service shuts down'
      )
      resolve('uncaughtException')
    })
  })
}
