import { Registry } from 'prom-client'
import type { Clock } from '../core/clock.ts'
import type { Event, Listener } from '../core/event.ts'
import type { Space } from '../core/store.ts'
import { Figures, type FigureSource, type SourceFigures } from './figures.ts'
import { Latest } from './latest.ts'
import { makeSeries, type Series } from './series.ts'

/** A scrape waits no longer than this for the disk. Milliseconds. */
const PATIENCE = 500

export interface Observed {
  readonly catalog: FigureSource
  /** Names of the configured sources: what another one left in the catalog is nobody's alert. */
  readonly sources: readonly string[]
  readonly store: { readonly name: string, space (signal: AbortSignal): Promise<Space | undefined> }
  readonly clock: Clock
  readonly build: { readonly version: string, readonly node: string, readonly sqlite: string }
}

/**
 * What Prometheus is told. Counters begin at 0 with the process and follow the events; everything that the catalog
 * knows is read from it at each scrape, and so is right straight after a start. A catalog that cannot be read leaves
 * the last figures standing, and `holdfast_catalog_readable` says so: a scrape never fails for it.
 */
export class Metrics {
  readonly #observed: Observed
  readonly #registry = new Registry()
  readonly #series: Series
  readonly #figures: Figures
  readonly #space: Latest<Space | undefined>
  /** Jobs that have not ended, by id. */
  readonly #jobs = new Map<number, string>()

  constructor (observed: Observed) {
    this.#observed = observed
    this.#series = makeSeries(this.#registry)
    this.#figures = new Figures(observed.catalog, observed.sources)
    this.#space = new Latest(() => observed.store.space(new AbortController().signal), observed.clock)
    this.#series.build.set({ ...observed.build }, 1)
    this.#startAtZero()
  }

  get contentType (): string {
    return this.#registry.contentType
  }

  /** To subscribe with. */
  readonly listener: Listener = event => { this.#count(event) }

  async text (): Promise<string> {
    const figures = await this.#read()
    this.#tellFigures(figures)
    this.#tellJobs()
    this.#tellSpace(await this.#space.value(PATIENCE))
    return await this.#registry.metrics()
  }

  /** A series that appears with its first event hides that event from `rate` and `increase`. */
  #startAtZero (): void {
    const { runs, attempts, successes, verifications } = this.#series
    for (const source of this.#observed.sources) {
      for (const status of ['success', 'failure']) runs.inc({ backup_type: 'full', status, source }, 0)
      attempts.inc({ source }, 0)
      successes.inc({ source }, 0)
    }
    for (const status of ['passed', 'failed']) verifications.inc({ status }, 0)
  }

  #count (event: Event): void {
    const { runs, attempts, successes, verifications, errors, duration } = this.#series
    if (event.type === 'backup.started') {
      attempts.inc({ source: event.backup.source })
    } else if (event.type === 'backup.completed') {
      const { method, source } = event.backup
      runs.inc({ backup_type: method, status: 'success', source })
      successes.inc({ source })
    } else if (event.type === 'backup.failed') {
      const { method, source } = event.backup
      runs.inc({ backup_type: method, status: 'failure', source })
    } else if (event.type === 'verification.finished') {
      const { method, source } = event.backup
      verifications.inc({ status: event.verification.valid ? 'passed' : 'failed' })
      duration.set({ backup_type: method, operation: 'verify', source }, event.durationMs / 1000)
    } else if (event.type === 'operation.failed') {
      errors.inc({ operation: event.operation, error_type: event.code.toLowerCase() })
    } else if (event.type === 'job.updated') {
      const { id, status } = event.job
      if (status === 'queued' || status === 'running') this.#jobs.set(id, status)
      else this.#jobs.delete(id)
    }
  }

  async #read (): Promise<readonly SourceFigures[]> {
    try {
      const figures = await this.#figures.read()
      this.#series.catalogReadable.set(1)
      return figures
    } catch {
      this.#series.catalogReadable.set(0)
      return this.#figures.last
    }
  }

  #tellFigures (figures: readonly SourceFigures[]): void {
    const { duration, size, oldestAge, newestAge, count, lastSuccess } = this.#series
    for (const gauge of [size, oldestAge, newestAge, count, lastSuccess]) gauge.reset()
    const now = this.#observed.clock.now().getTime()
    const age = (since: Date): number => Math.max(0, (now - since.getTime()) / 1000)
    for (const { source, statistics, methods } of figures) {
      lastSuccess.set({ source }, (statistics?.lastSuccess?.getTime() ?? 0) / 1000)
      if (statistics?.oldest != null) oldestAge.set({ source }, age(statistics.oldest))
      if (statistics?.newest != null) newestAge.set({ source }, age(statistics.newest))
      for (const { method, count: backups, newest } of methods) {
        count.set({ backup_type: method, source }, backups)
        if (newest === undefined) continue
        if (newest.size !== null) size.set({ backup_type: method, compression: newest.compression, source }, newest.size)
        if (newest.completedAt !== null) duration.set({ backup_type: method, operation: 'create', source }, (newest.completedAt.getTime() - newest.startedAt.getTime()) / 1000)
      }
    }
  }

  #tellJobs (): void {
    const statuses = [...this.#jobs.values()]
    for (const status of ['queued', 'running']) this.#series.jobs.set({ status }, statuses.filter(each => each === status).length)
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
