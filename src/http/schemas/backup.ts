import { z } from 'zod'
import { BACKUP_METHODS, BACKUP_STATUSES, BACKUP_TYPES } from '../../core/backup/backup.ts'
import { COMPRESSIONS } from '../../core/ports/codec.ts'
import { backupSchema, listedBackupSchema } from '../../present/backup.ts'
import { instant } from '../../present/common.ts'
import { removedForShape } from '../../present/removal.ts'
import { statisticsSchema } from '../../present/statistics.ts'
import { checkSchema } from '../../present/verification.ts'
import { description, flag, nextCursor, paging, since, sourceName, storeName, success } from './common.ts'

export const backupListQuery = z.strictObject({
  source: sourceName.optional(),
  status: z.enum(BACKUP_STATUSES).optional(),
  type: z.enum(BACKUP_TYPES).optional(),
  method: z.enum(BACKUP_METHODS).optional(),
  since: since.optional(),
  store: storeName.optional().meta({ description: 'Only backups in this store.' }),
  trashed: flag.optional().meta({ description: 'true: only backups in the trash; false: only others.' }),
  ...paging
})

export const backupListAnswer = z.object({
  success,
  backups: z.array(listedBackupSchema),
  statistics: statisticsSchema,
  count: z.int().nonnegative().meta({ description: 'Number of matches, regardless of the limit.' }),
  nextCursor
})

export const createBody = z.strictObject({
  type: z.enum(['manual', 'pre-migration']).default('manual'),
  source: sourceName.optional(),
  method: z.enum(['full', 'incremental']).optional().meta({
    description:
      'incremental: only what changed since the last backup, if the kind of the source makes such backups (METHOD_UNSUPPORTED otherwise). Where no increment can be made, a full backup is made, and its "description" has the reason.'
  }),
  description: description.optional(),
  compression: z.enum(COMPRESSIONS).optional(),
  verify: z.boolean().optional(),
  upload: z.boolean().optional().meta({
    description: 'true: respond when the copies in the other stores are complete; otherwise they are made afterwards.'
  })
}).prefault({})

export const backupAnswer = z.object({ success, backup: backupSchema })
export const backupMessageAnswer = z.object({ success, message: z.string(), backup: backupSchema })
export const createdAnswer = backupMessageAnswer.extend(removedForShape)
export const backupDetailAnswer = z.object({
  success,
  backup: backupSchema,
  verifications: z.array(z.object({ checkedAt: instant, valid: z.boolean(), checks: z.array(checkSchema) }))
    .meta({ description: 'All verifications, newest first.' })
})

export const editBody = z.strictObject({
  description: description.nullable().optional(),
  pinned: z.boolean().optional().meta({ description: 'A pinned backup is never pruned.' })
})

export const removeQuery = z.strictObject({
  force: flag.default(false).meta({ description: 'true: even if it is the last valid backup of its source.' })
})
export const downloadQuery = z.strictObject({
  decoded: flag.default(false).meta({ description: 'true: the image, decrypted and decompressed.' }),
  part: z.string().max(200).optional().meta({
    description: '"all": a tar of all parts as stored, and the manifest. Default: "main".'
  })
})
