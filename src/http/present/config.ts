import type { Origin } from '../../core/settings.ts'
import type { SettingsReport } from '../../engine/engine.ts'
import type { ConfigView } from '../schemas/config.ts'

/** An option that is read once, when the service starts, and that the API cannot change. */
export interface FixedOption {
  readonly key: string
  readonly variable: string
  readonly value: string | number | boolean | null
  readonly origin: Origin
}

/** Of the fixed options only those that the runbook names are shown. */
const SHOWN = ['backupDir', 'databasePath']

export function presentConfig ({ settings, origins }: SettingsReport, fixed: readonly FixedOption[]): ConfigView {
  const shown = fixed.filter(option => SHOWN.includes(option.key))
  return {
    autoBackupEnabled: settings.autoBackupEnabled,
    autoBackupInterval: settings.autoBackupInterval,
    maxBackups: settings.maxBackups,
    compression: settings.compression,
    verifyAfterBackup: settings.verifyAfterBackup,
    ...Object.fromEntries(shown.map(option => [option.key, option.value])),
    origins: { ...origins, ...Object.fromEntries(shown.map(option => [option.key, option.origin])) }
  }
}
