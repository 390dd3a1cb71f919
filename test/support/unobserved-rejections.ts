/** Every rejection that nothing has observed when `act`, and what it set in motion at once, is over. */
export async function unobserved (act: () => unknown): Promise<unknown[]> {
  const found: unknown[] = []
  const note = (reason: unknown): void => {
    found.push(reason)
  }
  // The runner of the tests listens, too, and would end the test.
  const others = process.rawListeners('unhandledRejection') as Array<(reason: unknown) => void>
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', note)
  try {
    await act()
    // A rejection is told of after all that was in line by then.
    for (let i = 0; i < 3; i++) await new Promise(setImmediate)
    return found
  } finally {
    process.removeListener('unhandledRejection', note)
    for (const other of others) process.on('unhandledRejection', other)
  }
}
