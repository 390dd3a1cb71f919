import { BackupError } from '../core/errors.ts'
import type { Engine } from '../engine/engine.ts'

/**
 * For a list that is empty: throws `SOURCE_NOT_FOUND`, with those that there are, if the source that it was narrowed to
 * is neither configured nor has a backup in the catalog. undefined: it was not narrowed.
 */
export async function requireKnownSource (engine: Pick<Engine, 'statistics'>, source?: string): Promise<void> {
  if (source === undefined) return
  const { states, sources } = await engine.statistics()
  const known = new Set([...states.map(({ name }) => name), ...sources.map(one => one.source)])
  if (known.has(source)) return
  throw new BackupError('SOURCE_NOT_FOUND', `there is no source "${source}"`, { hint: choices(known) })
}

/** Throws `STORE_NOT_FOUND`, with those that there are, unless the store is configured or remembered. */
export async function requireKnownStore (engine: Pick<Engine, 'stores'>, store?: string): Promise<void> {
  if (store === undefined) return
  const known = (await engine.stores()).map(({ name }) => name)
  if (known.includes(store)) return
  throw new BackupError('STORE_NOT_FOUND', `there is no store "${store}"`, { hint: choices(known) })
}

function choices (names: Iterable<string>): string {
  return `Choose one of ${[...names].map(name => `"${name}"`).join(', ')}.`
}
