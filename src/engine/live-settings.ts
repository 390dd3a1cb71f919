import type { SettingsStore } from '../core/catalog/catalog.ts'
import type { Clock } from '../core/clock.ts'
import type { EventSink } from '../core/event.ts'
import type { ProtectedSource } from '../core/protected-source.ts'
import { policyOf, type SourcePolicy } from '../core/schedule/policy.ts'
import type { Origin, Settings, SettingsChange, SettingsReport } from '../core/schedule/settings.ts'

/** The settings in force: what was configured, with what was changed through the API laid over it. */
export class LiveSettings {
  readonly #configured: Settings
  readonly #origins: Readonly<Record<keyof Settings, Origin>>
  readonly #store: SettingsStore
  readonly #clock: Clock
  #changes: SettingsChange = {}

  constructor (
    configured: Settings,
    origins: Readonly<Record<keyof Settings, Origin>>,
    store: SettingsStore,
    clock: Clock
  ) {
    this.#configured = configured
    this.#origins = origins
    this.#store = store
    this.#clock = clock
  }

  /** Takes over what earlier runs of the service were told. */
  async load (): Promise<void> {
    this.#changes = await this.#store.load()
  }

  get current (): Settings {
    return { ...this.#configured, ...defined(this.#changes) }
  }

  report (): SettingsReport {
    const changed = Object.fromEntries(Object.keys(defined(this.#changes)).map(key => [key, 'api' as const]))
    return { settings: this.current, origins: { ...this.#origins, ...changed } }
  }

  /** Durable, and in force, once it resolves. */
  async change (change: SettingsChange): Promise<SettingsReport> {
    await this.#store.save(change, this.#clock.now())
    this.#changes = { ...this.#changes, ...change }
    return this.report()
  }

  policyFor (source: ProtectedSource): SourcePolicy {
    return policyOf(this.current, source.policy)
  }
}

function defined (change: SettingsChange): Partial<Settings> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
}

export interface SettingsVerbs {
  settings(): SettingsReport
  /** In force and durable once it resolves. */
  changeSettings(change: SettingsChange): Promise<SettingsReport>
}

export function settingsVerbs ({ settings, events }: {
  readonly settings: LiveSettings
  readonly events: EventSink
}): SettingsVerbs {
  return {
    settings: () => settings.report(),
    async changeSettings (change) {
      const report = await settings.change(change)
      events.emit({ type: 'settings.changed' })
      return report
    }
  }
}
