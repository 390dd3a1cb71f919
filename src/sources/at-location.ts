import type { Outcome, Source } from '../core/ports/source.ts'

/** A copy of a source in scratch space, as the source itself at `location`. `adapt`: the outcome of its snapshots. */
export function atLocation (copy: Source, location: string, adapt: (outcome: Outcome) => Outcome): Source {
  return {
    ...copy,
    location,
    async snapshot (...args) {
      const snapshot = await copy.snapshot(...args)
      return {
        parts: () => snapshot.parts(),
        close: () => snapshot.close(),
        outcome: async () => adapt(await snapshot.outcome())
      }
    }
  }
}
