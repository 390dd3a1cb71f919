import type { TestContext } from 'node:test'
import type { OpenedCatalog } from '../../../src/catalog/index.ts'
import type { Alert } from '../../../src/core/alert/alert.ts'
import type { Event } from '../../../src/core/event.ts'
import type { Space } from '../../../src/core/ports/store.ts'
import { Metrics } from '../../../src/monitoring/metrics.ts'
import { END, newCatalog } from '../catalog/catalog.ts'
import type { FakeClock } from '../fake-clock.ts'

export const ALERT: Alert = {
  id: 1,
  rule: 'backup_failed',
  source: 'shop',
  severity: 'critical',
  message: 'it failed',
  remedy: 'Make another.',
  raisedAt: END,
  clearedAt: null
}

/** What the service tells beside what is in the catalog. */
interface Told {
  freshSince: Date | null
  provenSince: Date | null
  unwatched: readonly string[]
  alerts: readonly Alert[]
  prune: { readonly lastDone: Date | null, readonly freshSince: Date | null }
}

export interface Observation {
  readonly told: Told
  readonly catalog: OpenedCatalog
  readonly clock: FakeClock
  readonly metrics: Metrics
  readonly emit: (event: Event) => void
  /** The value of one series as it is scraped, labels and all; undefined where there is none. */
  readonly value: (series: string) => Promise<number | undefined>
}

export async function observe (
  t: TestContext,
  sources: readonly string[] = ['shop'],
  space = async (): Promise<Space | undefined> => ({ free: 60, total: 100 }),
  maxSources = 1000
): Promise<Observation> {
  const { catalog, clock } = await newCatalog(t)
  const told: Told = {
    freshSince: null,
    provenSince: null,
    unwatched: [],
    alerts: [],
    prune: { lastDone: null, freshSince: null }
  }
  const metrics = new Metrics({
    catalog,
    sources,
    maxSources,
    monitoredSources: async () =>
      sources.filter(name => !told.unwatched.includes(name)).map(name => ({
        name,
        freshSince: told.freshSince,
        provenSince: told.provenSince
      })),
    alerts: async () => told.alerts,
    prune: async () => told.prune,
    store: { name: 'local', space },
    destinations: ['far'],
    copies: () => catalog.copies.counts(),
    clock,
    build: { version: '1.2.3', node: 'v26.0.0', sqlite: '3.54.1' }
  })
  return {
    catalog,
    clock,
    metrics,
    told,
    emit: event => {
      metrics.listener(event)
    },
    async value (series) {
      const line = (await metrics.text()).split('\n').find(each => each.startsWith(`${series} `))
      return line === undefined ? undefined : Number(line.slice(series.length + 1))
    }
  }
}
