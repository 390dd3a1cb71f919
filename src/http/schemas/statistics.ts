import { z } from 'zod'
import { statisticsSchema } from '../../present/statistics.ts'
import { success } from './common.ts'

export const statisticsAnswer = z.object({ success, statistics: statisticsSchema })
