import { z } from 'zod'
import { COMPRESSIONS } from '../ports/codec.ts'

/** What can be changed while the service runs, by `PUT /api/backups/config`. The keys are the API's. */
export const settingsSchema = z.strictObject({
  autoBackupEnabled: z.boolean().meta({
    description: 'Whether automatic backups are on, at an interval or on a schedule.'
  }),
  autoBackupInterval: z.int().min(1000).max(366 * 86_400_000).meta({
    description: 'Milliseconds between automatic backups of sources without a schedule of their own.'
  }),
  maxBackups: z.int().min(1).max(100_000).meta({
    description:
      'Number of backups kept for each source; older ones that are not pinned are removed after a verified backup.'
  }),
  compression: z.enum(COMPRESSIONS).meta({ description: 'Compression of new backups.' }),
  verifyAfterBackup: z.boolean().meta({ description: 'Whether each backup is verified before it counts.' })
})

export type Settings = z.infer<typeof settingsSchema>

/** A partial change, as the API takes it. */
export const settingsChangeSchema = settingsSchema.partial()
export type SettingsChange = z.infer<typeof settingsChangeSchema>

export const ORIGINS = ['default', 'server', 'file', 'environment', 'api'] as const
/**
 * Where the value in force came from; `server`: the server's own record of its configuration, which a command takes
 * over. A later one in this list wins.
 */
export type Origin = typeof ORIGINS[number]

export interface SettingsReport {
  readonly settings: Settings
  readonly origins: Readonly<Record<keyof Settings, Origin>>
}
