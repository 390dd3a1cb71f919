import type { Clock } from '../core/clock.ts'

/** Milliseconds before each further try. */
const RETRY_AFTER = [250, 1_000, 4_000, 10_000] as const

export interface RetryOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Milliseconds that one try may take; left out: whoever makes the request sees to that. */
  readonly limit?: number
  /** Whether the same request may succeed when it is made again. */
  readonly isPassing: (error: unknown) => boolean
}

/**
 * Makes a request, again where that can help, five times at most. Rejects with the signal's reason, or with what the
 * last try rejected with.
 */
export async function retry<T> (
  options: RetryOptions,
  request: (signal: AbortSignal) => Promise<T>,
  waits: readonly number[] = RETRY_AFTER
): Promise<T> {
  const { clock, signal, limit, isPassing } = options
  signal.throwIfAborted()
  const [wait, ...others] = waits
  const late = limit === undefined ? undefined : AbortSignal.timeout(limit)
  try {
    return await request(late === undefined ? signal : AbortSignal.any([signal, late]))
  } catch (error) {
    signal.throwIfAborted()
    const isLate = late?.aborted === true
    if (wait === undefined || !(isLate || isPassing(error))) throw isLate ? late.reason : error
  }
  await clock.sleep(wait, signal)
  return await retry(options, request, others)
}
