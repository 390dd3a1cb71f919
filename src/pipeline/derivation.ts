/**
 * Keys are derived from passphrases one after the other in the whole process: each takes some hundred MiB by design,
 * and whoever can write to a store chooses how many objects ask for it.
 */
let last: Promise<void> = Promise.resolve()

/** Resolves once it is this one's turn, to what must be called when it is over. */
export async function derivationTurn (): Promise<() => void> {
  const before = last
  const turn = Promise.withResolvers<undefined>()
  last = turn.promise
  await before
  return () => {
    turn.resolve(undefined)
  }
}
