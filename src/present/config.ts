import { z } from 'zod'
import { ORIGINS, settingsSchema, type Origin, type SettingsReport } from '../core/schedule/settings.ts'

const origin = z.enum(ORIGINS)
const settings = settingsSchema.shape

export const configSchema = z.object({
  ...settings,
  backupDir: z.string().optional(),
  databasePath: z.string().nullable().optional(),
  origins: z.record(z.string(), origin).meta({ description: 'The origin of each value.' })
}).meta({ id: 'Config' })

export type ConfigView = z.infer<typeof configSchema>

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
