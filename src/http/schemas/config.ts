import { z } from 'zod'
import { settingsChangeSchema } from '../../core/schedule/settings.ts'
import { configSchema } from '../../present/config.ts'
import { success } from './common.ts'

export const configBody = settingsChangeSchema
export const configAnswer = z.object({ success, config: configSchema })
export const configMessageAnswer = z.object({ success, message: z.string(), config: configSchema })
