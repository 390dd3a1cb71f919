import type { TaskOptions } from 'node-cron'
import type { Logger } from '../core/logger.ts'

/**
 * The library's own lines, which would go past the log otherwise. That a tick is left out while the last one works is
 * no news.
 */
export function cronLogger (logger: Logger): NonNullable<TaskOptions['logger']> {
  const line = (message: string | Error): string => `node-cron: ${message instanceof Error ? message.message : message}`
  return {
    debug: message => {
      logger.debug({}, line(message))
    },
    info: message => {
      logger.debug({}, line(message))
    },
    warn: message => {
      logger.debug({}, line(message))
    },
    error: (message, err) => {
      logger.error({ err: err ?? message }, line(message))
    }
  }
}
