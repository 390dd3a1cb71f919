import type { Clock } from '../core/clock.ts'
import { toBackupError, type ErrorCode } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { RecoveryVerbs } from '../engine/recovery/verbs.ts'

/**
 * Stores that cannot be read are asked again after the first of these, then the next; after the last one always that.
 * Milliseconds.
 */
const PAUSES = [15_000, 60_000, 5 * 60_000, 15 * 60_000]
const OVER: ReadonlySet<ErrorCode> = new Set(['SHUTTING_DOWN', 'CANCELLED'])

/**
 * Takes over what the stores hold, for a service that knows of no backup at all, until each of them could be read: the
 * machine before this one may be gone. An aborted signal ends it; it never rejects.
 */
export async function takeOver (
  { engine, clock, logger }: {
    readonly engine: RecoveryVerbs
    readonly clock: Clock
    readonly logger: Logger
  },
  signal: AbortSignal
): Promise<void> {
  const told = new Set<string>()
  for (let attempt = 0; !signal.aborted; attempt++) {
    const trouble = await readAll({ engine, logger }, told)
    if (trouble === undefined) return
    if (trouble.isOver) return
    if (attempt === 0) {
      logger.warn(
        { stores: trouble.stores },
        `not every store can be read; its backups will be imported when it is readable: ${trouble.message}`
      )
    }
    await clock.sleep(PAUSES[Math.min(attempt, PAUSES.length - 1)] ?? 0, signal).catch(() => {})
  }
}

interface Trouble {
  readonly isOver: boolean
  readonly stores: readonly string[]
  readonly message: string
}

/** undefined: everything could be read. Each store, and each manifest that is refused, is told of once. */
async function readAll (
  { engine, logger }: { readonly engine: RecoveryVerbs, readonly logger: Logger },
  told: Set<string>
): Promise<Trouble | undefined> {
  try {
    const { stores } = await (await engine.rebuild()).result
    for (const { name, added, joined, foreign, refused } of stores) {
      if (added + joined > foreign) {
        logger.warn(
          { store: name, added, joined, foreign },
          'THE CATALOG WAS EMPTY, BUT A STORE HAS BACKUPS: they were imported from their manifests'
        )
      }
      if (foreign > 0 && !told.has(name)) {
        logger.warn(
          { store: name, foreign },
          'A STORE CONTAINS BACKUPS OF ANOTHER INSTALLATION: they are listed as foreign; if that installation no longer exists, "holdfast rebuild --take-over" makes this one the owner'
        )
      }
      if (foreign > 0) told.add(name)
      for (const { key, reason } of refused) {
        if (!told.has(`${name}/${key}`)) {
          logger.error({ store: name, key, reason }, 'a manifest in a store could not be imported')
        }
        told.add(`${name}/${key}`)
      }
    }
    const failing = stores.filter(({ failure }) => failure !== null)
    return failing.length === 0
      ? undefined
      : { isOver: false, stores: failing.map(({ name }) => name), message: failing[0]?.failure?.message ?? '' }
  } catch (thrown) {
    const { code, message } = toBackupError(thrown)
    return { isOver: OVER.has(code), stores: [], message }
  }
}
