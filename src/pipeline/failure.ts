import { BackupError, systemCode } from '../core/errors.ts'

/**
 * The reason among several failures of one stream: the abort's own reason if there was an abort, then an error of ours,
 * which names what happened, and only then whatever else was thrown. When one end of a stream dies, the others reject
 * with an echo of it, often earlier.
 */
export function firstCause (
  results: ReadonlyArray<PromiseSettledResult<unknown>>,
  signal: AbortSignal
): Error | undefined {
  // Everything that rejects here rejects with an Error: streams see to that, and so does our lint.
  const errors = results.filter(result => result.status === 'rejected').map(result => result.reason as Error)
  if (errors.length === 0) return undefined
  if (signal.aborted) return signal.reason as Error
  return errors.find(error => error instanceof BackupError) ?? errors.find(error => !isEcho(error)) ?? errors[0]
}

function isEcho (error: unknown): boolean {
  return ['ABORT_ERR', 'ERR_STREAM_PREMATURE_CLOSE', 'EPIPE', 'ECONNRESET'].includes(systemCode(error) ?? '')
}
