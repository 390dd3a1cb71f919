import { Registry } from 'prom-client'
import { ALERT_RULE_NAMES, ALERT_RULES, type Alert, type PruneFacts } from '../core/alert/alert.ts'
import type { CopyCounts } from '../core/backup/copy.ts'
import type { Clock } from '../core/clock.ts'
import type { Listener } from '../core/event.ts'
import type { Space } from '../core/ports/store.ts'
import { DRILL_OUTCOMES } from '../core/restore/drill.ts'
import { countEvent } from './count-event.ts'
import { Figures, type FigureSource, type SourceFigures } from './figures.ts'
import { LastReading } from './last-reading.ts'
import { makeSeries, type Series } from './series.ts'

/** A scrape waits no longer than this for the disk. Milliseconds. */
const PATIENCE = 500
/**
 * Up to so many sources each rule of each has a series while it does not hold, too; beyond that only those that hold.
 */
const CALM_ALERTS = 200

export interface Observed {
  readonly catalog: FigureSource
  /** Names of the configured sources: what another one left in the catalog is nobody's alert. */
  readonly sources: readonly string[]
  /** So many of them, from the first on, have series of their own. */
  readonly maxSources: number
  readonly store: { readonly name: string, space(signal: AbortSignal): Promise<Space | undefined> }
  /** Names of the other stores. */
  readonly destinations: readonly string[]
  copies(): Promise<readonly CopyCounts[]>
  /** Those of the sources that figures are told of. */
  monitoredSources(): Promise<readonly Watched[]>
  /** The alerts that are open. */
  alerts(): Promise<readonly Alert[]>
  prune(): Promise<Pick<PruneFacts, 'lastDone' | 'freshSince'>>
  readonly clock: Clock
  readonly build: { readonly version: string, readonly node: string, readonly sqlite: string }
}

/** A source, and since when it should have a backup, and a proof that one restores; null: nothing is asked of it. */
export interface Watched {
  readonly name: string
  readonly freshSince: Date | null
  readonly provenSince: Date | null
}

interface Standing {
  readonly figures: readonly SourceFigures[]
  readonly watched: ReadonlyMap<string, Watched>
  readonly alerts: readonly Alert[]
  readonly prune: Pick<PruneFacts, 'lastDone' | 'freshSince'>
  readonly copies: readonly CopyCounts[]
}

/**
 * What Prometheus is told. Counters begin at 0 with the process and follow the events; everything that the catalog
 * knows is read from it at each scrape, and so is right straight after a start. A catalog that cannot be read leaves
 * the last figures standing, and `holdfast_catalog_readable` says so: a scrape never fails for it.
 *
 * The number of series is bounded by `maxSources`. Of the sources beyond that, counters and open alerts are added up
 * under the empty label, and gauges are left out; `holdfast_sources_without_series` is their number.
 */
export class Metrics {
  readonly #observed: Observed
  readonly #registry = new Registry()
  readonly #series: Series
  readonly #figures: Figures
  /** Sources with series of their own. */
  readonly #shown: ReadonlySet<string>
  readonly #space: LastReading<Space | undefined>
  /** What was read last. */
  #standing: Standing | undefined
  /** Jobs that have not ended, by id. */
  readonly #jobs = new Map<number, string>()

  constructor (observed: Observed) {
    this.#observed = observed
    this.#series = makeSeries(this.#registry)
    const shown = observed.sources.slice(0, observed.maxSources)
    this.#shown = new Set(shown)
    this.#figures = new Figures(observed.catalog, shown)
    this.#series.sourcesOmitted.set(observed.sources.length - shown.length)
    this.#space = new LastReading(() => observed.store.space(new AbortController().signal), observed.clock)
    this.#series.build.set({ ...observed.build }, 1)
    this.#startAtZero()
  }

  get contentType (): string {
    return this.#registry.contentType
  }

  /** To subscribe with. */
  readonly listener: Listener = event => {
    countEvent(this.#series, event, source => this.#label(source))
    if (event.type !== 'job.updated') return
    const { id, status } = event.job
    if (status === 'queued' || status === 'running') this.#jobs.set(id, status)
    else this.#jobs.delete(id)
  }

  countRefusedConnection (): void {
    this.#series.connectionsRefused.inc()
  }

  async text (): Promise<string> {
    await this.#read()
    if (this.#standing !== undefined) this.#tell(this.#standing)
    this.#tellJobs()
    this.#tellSpace(await this.#space.value(PATIENCE))
    return await this.#registry.metrics()
  }

  /** A series that appears with its first event hides that event from `rate` and `increase`. */
  #startAtZero (): void {
    const { runs, attempts, successes, verifications, drills, alertsRaised } = this.#series
    for (const rule of ALERT_RULE_NAMES) alertsRaised.inc({ rule }, 0)
    for (const source of new Set(this.#observed.sources.map(each => this.#label(each)))) {
      for (const status of ['success', 'failure', 'cancelled']) runs.inc({ backup_type: 'full', status, source }, 0)
      attempts.inc({ source }, 0)
      successes.inc({ source }, 0)
      for (const status of DRILL_OUTCOMES) drills.inc({ status, source }, 0)
    }
    for (const destination of this.#observed.destinations) {
      for (const status of ['success', 'failure']) this.#series.uploads.inc({ destination, status }, 0)
    }
    for (const status of ['passed', 'failed']) verifications.inc({ status }, 0)
  }

  #label (source: string): string {
    return this.#shown.has(source) ? source : ''
  }

  async #read (): Promise<void> {
    const observed = this.#observed
    try {
      const sources = await observed.monitoredSources()
      this.#standing = {
        figures: await this.#figures.read(),
        watched: new Map(sources.map(source => [source.name, source])),
        alerts: await observed.alerts(),
        prune: await observed.prune(),
        copies: await observed.copies()
      }
      this.#series.catalogReadable.set(1)
    } catch {
      this.#series.catalogReadable.set(0)
    }
  }

  #tell ({ figures, watched, alerts, prune, copies }: Standing): void {
    this.#tellCopies(copies)
    this.#tellFigures(figures.filter(({ source }) => watched.has(source)))
    const shown = new Map([...watched].filter(([source]) => this.#shown.has(source)))
    this.#tellDue(shown, prune)
    this.#tellAlerts([...shown.keys()], alerts)
  }

  #tellFigures (figures: readonly SourceFigures[]): void {
    const { duration, size, oldestAge, newestAge, count, lastSuccess, lastProven, restoreTime, rpo } = this.#series
    for (const gauge of [size, oldestAge, newestAge, count, lastSuccess, lastProven, restoreTime, rpo]) gauge.reset()
    const now = this.#observed.clock.now().getTime()
    const age = (since: Date): number => Math.max(0, (now - since.getTime()) / 1000)
    for (const { source, statistics, methods } of figures) {
      lastSuccess.set({ source }, (statistics?.lastSuccess?.getTime() ?? 0) / 1000)
      lastProven.set({ source }, (statistics?.lastProven?.getTime() ?? 0) / 1000)
      if (statistics?.restoreTime != null) restoreTime.set({ source }, statistics.restoreTime / 1000)
      if (statistics?.newestProven != null) rpo.set({ source }, age(statistics.newestProven))
      if (statistics?.oldest != null) oldestAge.set({ source }, age(statistics.oldest))
      if (statistics?.newest != null) newestAge.set({ source }, age(statistics.newest))
      for (const { method, count: backups, newest } of methods) {
        count.set({ backup_type: method, source }, backups)
        if (newest === undefined) continue
        if (newest.size !== null) {
          size.set({ backup_type: method, compression: newest.compression, source }, newest.size)
        }
        if (newest.completedAt !== null) {
          duration.set(
            { backup_type: method, operation: 'create', source },
            (newest.completedAt.getTime() - newest.startedAt.getTime()) / 1000
          )
        }
      }
    }
  }

  #tellDue (watched: Standing['watched'], prune: Standing['prune']): void {
    const { freshSince, drillFreshSince, pruneLastSuccess, pruneFreshSince } = this.#series
    freshSince.reset()
    drillFreshSince.reset()
    for (const { name: source, freshSince: fresh, provenSince: proven } of watched.values()) {
      if (fresh !== null) freshSince.set({ source }, fresh.getTime() / 1000)
      if (proven !== null) drillFreshSince.set({ source }, proven.getTime() / 1000)
    }
    pruneLastSuccess.set((prune.lastDone?.getTime() ?? 0) / 1000)
    pruneFreshSince.remove()
    if (prune.freshSince !== null) pruneFreshSince.set(prune.freshSince.getTime() / 1000)
  }

  #tellCopies (counts: readonly CopyCounts[]): void {
    const { copiesWaiting, copiesStored, copiesBytes } = this.#series
    for (const gauge of [copiesWaiting, copiesStored, copiesBytes]) gauge.reset()
    for (const destination of this.#observed.destinations) {
      const { waiting = 0, stored = 0, bytes = 0 } = counts.find(({ store }) => store === destination) ?? {}
      copiesWaiting.set({ destination }, waiting)
      copiesStored.set({ destination }, stored)
      copiesBytes.set({ destination }, bytes)
    }
  }

  /** Every rule of every source, so that its series is there before it holds, unless they are too many. */
  #tellAlerts (sources: readonly string[], open: readonly Alert[]): void {
    const { alerts } = this.#series
    alerts.reset()
    const calm = sources.length > CALM_ALERTS ? [] : sources
    for (const rule of ALERT_RULE_NAMES) {
      const { perSource, severity } = ALERT_RULES[rule]
      for (const source of perSource ? calm : ['']) alerts.set({ rule, source, severity }, 0)
    }
    for (const { rule, source, severity } of open) {
      alerts.set({ rule, source: source === null ? '' : this.#label(source), severity }, 1)
    }
  }

  #tellJobs (): void {
    const statuses = [...this.#jobs.values()]
    for (const status of ['queued', 'running']) {
      this.#series.jobs.set(
        { status },
        statuses.filter(each => each === status).length
      )
    }
  }

  #tellSpace (space: Space | undefined): void {
    const { storeFree, storeSize } = this.#series
    const store = this.#observed.store.name
    if (space === undefined) {
      storeFree.reset()
      storeSize.reset()
    } else {
      storeFree.set({ store }, space.free)
      storeSize.set({ store }, space.total)
    }
  }
}
