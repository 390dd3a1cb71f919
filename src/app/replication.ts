import { OWN_SOURCE } from '../config/sources.ts'
import type { Clock } from '../core/clock.ts'
import type { Listener } from '../core/event.ts'
import type { Logger } from '../core/logger.ts'
import { promisedStores, requireOffsite } from '../engine/artifacts/locations.ts'
import type { EngineDeps, OffsiteStore } from '../engine/deps.ts'
import type { Engine } from '../engine/engine.ts'
import { openOffsite, performCopyTask } from '../engine/replication/copy-task.ts'
import { surveyStore } from '../engine/replication/survey-store.ts'
import { CatalogCopies } from '../scheduler/catalog-copies.ts'
import { Copier } from '../scheduler/copier.ts'
import { takeOver } from '../scheduler/take-over.ts'

export interface ReplicationOptions {
  readonly engine: Pick<Engine, 'create' | 'upload' | 'cancel' | 'rebuild'>
  readonly deps: EngineDeps
  readonly clock: Clock
  readonly logger: Logger
}

export interface Replication {
  /** To subscribe with. */
  readonly listener: Listener
  readonly start: () => void
  /** Begins nothing more; resolves when what is under way has ended. */
  readonly stop: () => Promise<void>
}

/** What goes on by itself between the catalog, the landing store and the others; nothing where there are no others. */
export async function makeReplication (options: ReplicationOptions): Promise<Replication> {
  const { engine, deps, clock, logger } = options
  const copier = makeCopier(options)
  const catalogCopies = new CatalogCopies({
    changes: deps.catalog.changes,
    backUp: async () => {
      await (await engine.create({ source: OWN_SOURCE, type: 'scheduled', description: 'the catalog, after changes' }))
        .result
    },
    clock,
    logger
  })
  const knowsNothing = (await deps.catalog.backups.statistics()).totalBackups === 0
  const end = new AbortController()
  let takenOver: Promise<void> = Promise.resolve()
  return {
    listener: copier.listener,
    start () {
      if (deps.offsite.size === 0) return
      if (knowsNothing) takenOver = takeOver({ engine, clock, logger }, end.signal)
      copier.start()
      if (promisedStores(deps, OWN_SOURCE).length > 0) catalogCopies.start()
    },
    async stop () {
      end.abort()
      await Promise.all([copier.stop(), catalogCopies.stop(), takenOver])
    }
  }
}

function makeCopier ({ engine, deps, clock, logger }: ReplicationOptions): Copier {
  const of = (name: string): OffsiteStore => requireOffsite(deps, name)
  return new Copier({
    stores: [...deps.offsite.keys()],
    work: store => deps.catalog.copies.work(store),
    task: (store, backupId) => deps.catalog.copies.task(store, backupId),
    open: (store, signal) => openOffsite(deps, of(store), signal),
    perform: (store, task, signal) => performCopyTask(deps, engine, of(store), task, signal),
    refuse: (store, { backupId }, { code, message }, nextAttemptAt) =>
      deps.catalog.copies.fail(backupId, store, { code, message, at: clock.now(), nextAttemptAt }),
    survey: (store, signal) => surveyStore(deps, of(store), signal),
    clock,
    logger
  })
}
