/**
 * Takes the steps one after the other, each whatever became of those before it. Rejects with the first error once all
 * have ended.
 */
export async function inTurn (steps: ReadonlyArray<() => Promise<unknown>>): Promise<void> {
  const errors: unknown[] = []
  for (const step of steps) {
    await step().catch((error: unknown) => {
      errors.push(error)
    })
  }
  if (errors.length > 0) throw errors[0]
}
