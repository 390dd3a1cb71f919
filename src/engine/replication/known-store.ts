import { BackupError, toBackupError, type ErrorCode } from '../../core/errors.ts'
import type { EngineDeps } from '../deps.ts'
import { isEmpty } from './restore-note.ts'

/** What is said against a store. Anything else is an error of the catalog or of ours. */
const OF_STORE: ReadonlySet<ErrorCode> = new Set([
  'STORE_FOREIGN',
  'STORE_UNAVAILABLE',
  'STORE_FAILED',
  'OBJECT_REFUSED',
  'OBJECT_EXISTS',
  'DISK_FULL'
])

/**
 * Why the landing store must neither be written to nor believed when it shows nothing: `STORE_FOREIGN`, it is another
 * installation's; `STORE_UNAVAILABLE`, it cannot be reached, or should hold backups and does not; or what else the
 * store throws. undefined: it is ours. An empty place is claimed.
 */
export async function landingTrouble (deps: EngineDeps, signal: AbortSignal): Promise<BackupError | undefined> {
  return await troubleOf(async () => {
    await deps.ownership.require(deps.store, signal)
  })
}

/**
 * Makes the landing store ready, once at a start. Returns why it must be left as it is; see `landingTrouble`. Throws
 * what the store throws where it cannot be made ready and no store holds a backup: then it was never right.
 */
export async function openLanding (deps: EngineDeps, signal: AbortSignal): Promise<BackupError | undefined> {
  const { store, ownership, catalog } = deps
  const trouble = await troubleOf(async () => {
    const { state } = await ownership.inspect(store, signal)
    if (state === 'ours' || state === 'unclaimed') await store.open(signal)
  })
  if (trouble === undefined) return await landingTrouble(deps, signal)
  if ((await catalog.copies.counts()).some(({ stored }) => stored > 0)) return trouble
  throw trouble
}

async function troubleOf (work: () => Promise<void>): Promise<BackupError | undefined> {
  try {
    await work()
    return undefined
  } catch (thrown) {
    const error = toBackupError(thrown)
    if (OF_STORE.has(error.code)) return error
    throw thrown
  }
}

/**
 * That the landing store is ours, and holds none of the backups that the catalog knows in it: somebody removed them,
 * and left the marker. New backups are made all the same, since the place can be written to. undefined: it holds some,
 * or should hold none.
 */
export async function emptiedLanding (
  { store, catalog }: EngineDeps,
  signal: AbortSignal
): Promise<BackupError | undefined> {
  const known = (await catalog.copies.counts()).find(one => one.store === store.name)?.stored ?? 0
  if (known === 0 || !await isEmpty(store, signal)) return undefined
  return new BackupError(
    'STORE_UNAVAILABLE',
    `the store "${store.name}" at "${store.place}" is empty, but the catalog lists ${
      known === 1 ? 'a backup' : `${known} backups`
    } in it`,
    {
      hint:
        'Find out who removed them, and restore them; if the backups are lost, "holdfast rebuild --accept-empty" continues without them.',
      details: { store: store.name }
    }
  )
}
