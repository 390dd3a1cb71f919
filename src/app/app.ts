import { join } from 'node:path'
import type { Logger as Pino } from 'pino'
import type { Config, InForce } from '../config/config.ts'
import { ensureSecret } from '../config/generated-secret.ts'
import { CATALOG_FILE, OWN_SOURCE, pathsOf } from '../config/sources.ts'
import { systemClock } from '../core/clock.ts'
import { makeReplication } from './replication.ts'
import { alertFacts, pruneFacts } from '../engine/status/alert-facts.ts'
import type { SourceState } from '../engine/status/sources.ts'
import { housekeep } from '../engine/recovery/housekeep.ts'
import { evictionSweep } from '../engine/retention/evict.ts'
import { landingSurvey } from '../engine/recovery/survey-landing.ts'
import type { App as HttpServer } from '../http/route.ts'
import { AlertWatch } from '../monitoring/alerts.ts'
import { CatalogWatch } from '../monitoring/catalog-watch.ts'
import { healthReport } from '../monitoring/health.ts'
import { LastReading } from '../monitoring/last-reading.ts'
import { missingFiles } from '../monitoring/missing-files.ts'
import { monitoredSources } from '../monitoring/monitored-sources.ts'
import { VERSION } from './version.ts'
import { checkCatalogFile } from '../sources/index.ts'
import { Scheduler } from '../scheduler/scheduler.ts'
import { openEngine, type AppOptions, type OpenedEngine } from './open-engine.ts'

const NO_DATABASE = {
  name: 'DATABASE_PATH',
  problem: 'is not set, and no source is configured: only the catalog of the service is backed up',
  remedy: 'Set it, or configure sources in holdfast.yaml.'
}
/** The alerts and the start wait no longer than this for the files of the sources. Milliseconds. */
const FILE_PATIENCE = 2000

/** A running service. */
export interface App extends OpenedEngine {
  readonly server: HttpServer
  /** Begins to listen and to make backups on schedule; resolves with the address. */
  readonly listen: () => Promise<string>
  /** Names of the sources whose database is not there, as far as that can be told now. */
  readonly missing: () => Promise<ReadonlySet<string>>
}

export interface ServiceOptions extends AppOptions {
  readonly logger: Pino
  /** Every option as it is in force, for showing. */
  readonly inForce: readonly InForce[]
}

/** The whole service, listening nowhere yet. Throws as `openEngine` does. */
export async function startApp (
  config: Config,
  { logger, inForce, clock = systemClock }: ServiceOptions
): Promise<App> {
  // Loaded here: a command does without, and starts the sooner.
  const [{ buildServer, listenQuietly }, { boundOf }, { Metrics }] = await Promise.all([
    import('../http/server.ts'),
    import('../http/connections.ts'),
    import('../monitoring/metrics.ts')
  ])
  const opened = await openEngine(config, { logger, clock })
  const { engine, deps, events } = opened
  const standing = async (): Promise<readonly SourceState[]> => monitoredSources(await engine.sources(), OWN_SOURCE)
  const prune = { pattern: config.pruneSchedule, timeZone: 'UTC' }
  const named = config.sources.filter(({ name }) => name !== OWN_SOURCE)
  const placed = named.flatMap(source => pathsOf(source).map(({ path }) => ({ name: source.name, path })))
  const notices = named.length > 0 ? config.notices : [...config.notices, NO_DATABASE]
  const files = new LastReading(() => missingFiles(placed), clock)
  const missing = async (): Promise<ReadonlySet<string>> => await files.value(FILE_PATIENCE) ?? new Set()
  let isServing = false
  try {
    const metrics = new Metrics({
      catalog: deps.catalog,
      sources: config.sources.map(source => source.name),
      maxSources: config.metricsMaxSources,
      monitoredSources: standing,
      alerts: () => deps.catalog.alerts.open(),
      prune: () => pruneFacts(deps, prune),
      store: deps.store,
      destinations: [...deps.offsite.keys()],
      copies: () => deps.catalog.copies.counts(),
      clock,
      build: { version: VERSION, node: process.versions.node, sqlite: opened.sqliteVersion }
    })
    events.subscribe(metrics.listener)
    const alerts = new AlertWatch({
      facts: async () => {
        const facts = await alertFacts(deps, await standing(), prune, {
          missing: await missing(),
          notices,
          ownSource: OWN_SOURCE
        })
        return { ...facts, catalogDamage: opened.catalog.damage() }
      },
      store: deps.store,
      alerts: deps.catalog.alerts,
      limits: config.alerts,
      events,
      clock,
      logger
    })
    events.subscribe(alerts.listener)
    const server = await buildServer({
      engine,
      kinds: [...deps.kinds.values()],
      events,
      idempotency: deps.catalog.idempotency,
      audit: deps.catalog.audit,
      alerts: deps.catalog.alerts,
      clock,
      tokenKey: ensureSecret(config),
      tokens: deps.catalog.tokens,
      requireTokenExpiry: config.requireTokenExpiry,
      ownSource: OWN_SOURCE,
      limits: {
        bodyBytes: config.bodyLimitBytes,
        requestsPerMinute: config.rateLimitPerMinute,
        connections: boundOf(config.maxConnections, config.maxConcurrentJobs, logger)
      },
      onRefusedConnection: () => {
        metrics.countRefusedConnection()
      },
      trustProxy: config.trustProxy,
      metrics,
      metricsToken: config.metricsToken,
      hstsIncludeSubdomains: config.hstsIncludeSubdomains,
      fixed: inForce.filter(({ key }) => !(key in config.settings)),
      health: async () => healthReport(await standing(), await deps.catalog.alerts.open(), clock.now()),
      ready: () => isServing,
      logger,
      version: VERSION
    })
    const rounds = { survey: landingSurvey(deps), sweep: evictionSweep(deps) }
    const scheduler = new Scheduler({
      engine,
      runs: deps.catalog.runs,
      version: () => deps.catalog.version(),
      calendar: deps.calendar,
      housekeep: () => housekeep(deps, rounds),
      events,
      clock,
      logger,
      prune,
      jitterMs: deps.scheduleJitter
    })
    events.subscribe(scheduler.listener)
    const catalogWatch = new CatalogWatch({
      check: signal => checkCatalogFile(join(config.dataDir, CATALOG_FILE), signal, config.childLimits),
      mark: opened.catalog.markDamaged,
      isChecked: opened.catalog.isChecked,
      clock,
      logger
    })
    const replication = await makeReplication({ engine, deps, clock, logger })
    events.subscribe(replication.listener)
    return {
      ...opened,
      server,
      missing,
      async listen () {
        const address = await listenQuietly(server, { host: config.host, port: config.port })
        scheduler.start()
        replication.start()
        alerts.start()
        catalogWatch.start()
        isServing = true
        return address
      },
      async close (grace) {
        isServing = false
        await scheduler.stop()
        await Promise.all([alerts.stop(), catalogWatch.stop()])
        const copied = replication.stop()
        // The server goes on answering while its work ends, so that whoever waits for a backup hears how it went.
        await deps.runner.stop(grace)
        await scheduler.settled()
        await copied
        await server.close()
        await opened.close(0)
      }
    }
  } catch (error) {
    await opened.close(0)
    throw error
  }
}
