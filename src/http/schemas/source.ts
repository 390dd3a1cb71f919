import { z } from 'zod'
import { sourceSchema } from '../../present/source.ts'
import { sourceName, success } from './common.ts'

export const sourceParams = z.strictObject({ name: sourceName })
export const sourceListAnswer = z.object({ success, sources: z.array(sourceSchema) })
export const sourceAnswer = z.object({ success, source: sourceSchema })
