import { z } from 'zod'
import { ORIGINS, settingsChangeSchema, settingsSchema } from '../../core/settings.ts'
import { success } from './common.ts'

const origin = z.enum(ORIGINS)
const settings = settingsSchema.shape

export const configSchema = z.object({
  ...settings,
  backupDir: z.string().optional(),
  databasePath: z.string().nullable().optional(),
  origins: z.record(z.string(), origin).meta({ description: 'Where each value came from.' })
}).meta({ id: 'Config' })

export type ConfigView = z.infer<typeof configSchema>

export const configBody = settingsChangeSchema
export const configAnswer = z.object({ success, config: configSchema })
export const configMessageAnswer = z.object({ success, message: z.string(), config: configSchema })
