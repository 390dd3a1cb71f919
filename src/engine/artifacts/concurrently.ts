/**
 * Does `work` for each item, at most `limit` of them at once. Rejects with the first failure, after everything that was
 * begun has ended.
 */
export async function sideBySide<T> (
  items: AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<void>
): Promise<void> {
  const running = new Set<Promise<void>>()
  const failures: unknown[] = []
  const begin = (item: T): void => {
    const one = work(item)
      .catch((thrown: unknown) => {
        failures.push(thrown)
      })
      .finally(() => {
        running.delete(one)
      })
    running.add(one)
  }
  try {
    for await (const item of items) {
      begin(item)
      if (running.size >= limit) await Promise.race(running)
      if (failures.length > 0) break
    }
  } finally {
    await Promise.all(running)
  }
  if (failures.length > 0) throw failures[0]
}
