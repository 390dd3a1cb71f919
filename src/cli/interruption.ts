const REQUESTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface Interruption {
  /** Aborts with the first of Ctrl-C, a request to end, and the end of the terminal. */
  readonly signal: AbortSignal
  /** From now on they end the process again. */
  readonly dispose: () => void
}

/**
 * Takes the requests to end upon itself, so that work can be ended in order. Whoever asks again while it is ending
 * changes nothing.
 */
export function interruption (): Interruption {
  const abort = new AbortController()
  const onRequest = (): void => {
    abort.abort()
  }
  for (const name of REQUESTS) process.on(name, onRequest)
  return {
    signal: abort.signal,
    dispose () {
      for (const name of REQUESTS) process.removeListener(name, onRequest)
    }
  }
}
