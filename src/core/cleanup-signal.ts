/** How long the clean-up after a failed or cancelled work may take, in milliseconds. */
const CLEANUP_MS = 60_000

/** A signal for the clean-up after a failure, when the signal of the work itself may be aborted. */
export function cleanupSignal (): AbortSignal {
  return AbortSignal.timeout(CLEANUP_MS)
}
