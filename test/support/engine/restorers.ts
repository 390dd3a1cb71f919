import type { Restorer } from '../../../src/core/restore/restore.ts'
import type { EngineDeps } from '../../../src/engine/deps.ts'

/** The same engine, with these methods in place of those of the restorer of each kind that has one. */
export function withRestorers (deps: EngineDeps, change: (restorer: Restorer) => Partial<Restorer>): EngineDeps {
  const kinds = new Map([...deps.kinds].map(([name, kind]) => [
    name,
    kind.restorer === null ? kind : { ...kind, restorer: { ...kind.restorer, ...change(kind.restorer) } }
  ]))
  return { ...deps, kinds }
}
