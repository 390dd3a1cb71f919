import { toBackupError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Output } from './output.ts'

/** The warnings of the engine for the user of a command: one line each, on standard error. */
export function warningsOn ({ err }: Output): Logger {
  const warn = (facts: object, message: string): void => {
    err.write(`holdfast: ${message}${inBrackets(facts)}\n`)
  }
  return { debug () {}, info () {}, warn, error: warn }
}

function inBrackets (facts: object): string {
  const words = Object.entries(facts).map(([name, value]: [string, unknown]) =>
    name === 'err' ? toBackupError(value).message : `${name} ${String(value)}`
  )
  return words.length === 0 ? '' : ` (${words.join(', ')})`
}
