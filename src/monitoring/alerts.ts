import { findAlerts } from '../core/alert/alert-rules.ts'
import {
  alertKey,
  type Alert,
  type AlertFacts,
  type AlertFinding,
  type AlertLimits,
  type AlertLog
} from '../core/alert/alert.ts'
import type { Clock } from '../core/clock.ts'
import { toBackupError } from '../core/errors.ts'
import type { Event, EventSink, Listener } from '../core/event.ts'
import type { Logger } from '../core/logger.ts'
import type { Space } from '../core/ports/store.ts'
import { LastReading } from './last-reading.ts'

/** The rules are looked at so often, whatever happens. Milliseconds. */
const EVERY = 60_000
/** What is caught up when the service starts gets so long to begin before it counts as missed. Milliseconds. */
const AT_START = 10_000
/** The rules wait no longer than this for the disk. Milliseconds. */
const PATIENCE = 5000

/** What can change what the rules find. */
const TELLING: ReadonlySet<Event['type']> = new Set([
  'backup.completed',
  'backup.failed',
  'backup.removed',
  'backup.trashed',
  'backup.undeleted',
  'verification.finished',
  'drill.finished',
  'copy.stored',
  'copy.failed',
  'run.ended',
  'settings.changed'
])

export interface AlertWatchOptions {
  /** Reads what the rules ask of the backups. */
  readonly facts: () => Promise<Omit<AlertFacts, 'store'>>
  readonly store: { readonly name: string, space(signal: AbortSignal): Promise<Space | undefined> }
  readonly alerts: Pick<AlertLog, 'open' | 'settle'>
  readonly limits: AlertLimits
  readonly events: EventSink
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Holds the rules against the facts every minute, and soon after whatever can change them; one look at a time. An alert
 * is raised once and cleared once, each with an event and a line in the log, also over restarts: what is open stands in
 * the catalog. Facts that cannot be read leave every alert as it is.
 */
export class AlertWatch {
  readonly #options: AlertWatchOptions
  readonly #space: LastReading<Space | undefined>
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #wake = Promise.withResolvers<undefined>()
  #isBlind = false

  constructor (options: AlertWatchOptions) {
    this.#options = options
    this.#space = new LastReading(() => options.store.space(this.#stop.signal), options.clock)
  }

  /** To subscribe with. */
  readonly listener: Listener = ({ type }) => {
    if (TELLING.has(type)) this.#wake.resolve(undefined)
  }

  start (): void {
    this.#running = this.#run(this.#stop.signal)
  }

  /** Resolves when the last look has ended. */
  async stop (): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  /** One look. Never rejects. */
  async look (): Promise<void> {
    const { alerts, clock, events, limits, logger } = this.#options
    try {
      const open = await alerts.open()
      const findings = findAlerts(await this.#facts(), limits, clock.now(), open)
      this.#isBlind = false
      if (isSame(open, findings)) return
      const { raised, cleared } = await alerts.settle(findings, clock.now())
      for (const alert of raised) {
        logger.warn(shown(alert), `alert: ${alert.message}`)
        events.emit({ type: 'alert.raised', alert })
      }
      for (const alert of cleared) {
        logger.info(shown(alert), `alert cleared: ${alert.message}`)
        events.emit({ type: 'alert.cleared', alert })
      }
    } catch (thrown) {
      const { code, message } = toBackupError(thrown)
      if (!this.#isBlind) {
        logger.error(
          { code },
          `the alerts cannot be evaluated; retrying every minute: ${message}`
        )
      }
      this.#isBlind = true
    }
  }

  async #facts (): Promise<AlertFacts> {
    const { facts, store } = this.#options
    const [known, space] = await Promise.all([facts(), this.#space.value(PATIENCE)])
    return { ...known, store: { name: store.name, space } }
  }

  async #run (signal: AbortSignal): Promise<void> {
    await this.#pause(AT_START, signal)
    while (!signal.aborted) {
      await this.look()
      await this.#pause(EVERY, signal)
    }
  }

  /** Ends after `ms`, with the next event that tells something, or with one that came since the last pause. */
  async #pause (ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController()
    await Promise.race([
      this.#wake.promise,
      this.#options.clock.sleep(ms, AbortSignal.any([signal, woken.signal])).catch(() => undefined)
    ])
    woken.abort()
    this.#wake = Promise.withResolvers<undefined>()
  }
}

function isSame (open: readonly Alert[], findings: readonly AlertFinding[]): boolean {
  const words = new Map(open.map(alert => [alertKey(alert), alert.message]))
  return words.size === findings.length && findings.every(finding => words.get(alertKey(finding)) === finding.message)
}

function shown ({ rule, source, severity }: Alert): object {
  return { alert: rule, source, severity }
}
