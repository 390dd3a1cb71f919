import { z } from 'zod'
import { probeSchema, storeSchema } from '../../present/store.ts'
import { storeName, success } from './common.ts'

export const storeParams = z.strictObject({ name: storeName })
export const storeListAnswer = z.object({ success, stores: z.array(storeSchema) })
export const probeAnswer = z.object({ success, probe: probeSchema })
