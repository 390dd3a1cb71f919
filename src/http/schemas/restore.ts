import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { RESTORE_KINDS, RESTORE_MODES } from '../../core/restore/restore.ts'
import { dryRunSchema } from '../../present/dry-run.ts'
import { restoreSchema, undoSchema } from '../../present/restore.ts'
import { signatureSchema } from '../../present/signature.ts'
import { nextCursor, paging, sourceName, success } from './common.ts'
import { pathPattern } from './files.ts'

const CONFIRM = 'say true: what stands there now is replaced'

export const restoreBody = z.strictObject({
  confirm: z.literal(true, CONFIRM).optional().meta({
    description: 'Required without `dryRun`: what stands there now is replaced.'
  }),
  dryRun: z.boolean().default(false).meta({
    description: 'true: nothing is changed; `dryRun` of the answer has what the restore would do.'
  }),
  target: z.string().max(4096).refine(path => isAbsolute(path) && !path.includes('\0'), 'expected an absolute path')
    .optional().meta({ description: 'Another path; without it the source itself is restored.' }),
  paths: z.array(pathPattern).min(1).max(100).optional().meta({
    description:
      'Only what one of these patterns matches is restored to `target`, a new directory, of a backup that consists of files: see `pattern` of GET /api/backups/{id}/files.'
  }),
  mode: z.enum(RESTORE_MODES).optional().meta({
    description:
      'For the source itself. `live`, the default: into the running database; `replace`: a new file, while nobody has the old one open.'
  }),
  overwrite: z.boolean().optional().meta({ description: 'Whether a file at `target` may give way.' }),
  verify: z.boolean().optional().meta({
    description: 'false: do not prove the backup first. Its digest is checked all the same.'
  }),
  timeoutMs: z.int().min(0).max(3_600_000).optional().meta({
    description: 'How long to wait for those who hold the database; by default 15 seconds.'
  })
}).refine(({ confirm, dryRun }) => dryRun || confirm === true, { path: ['confirm'], error: CONFIRM })

export const restoreDryRunAnswer = z.object({ success, message: z.string(), dryRun: dryRunSchema })

export const restoreAnswer = z.object({
  success,
  message: z.string(),
  restore: restoreSchema,
  undo: undoSchema.nullable(),
  warning: z.string().nullable().meta({ description: 'What to know of the backup; null: nothing.' }),
  signature: signatureSchema.nullable()
})
export const restoreListQuery = z.strictObject({
  kind: z.enum(RESTORE_KINDS).optional(),
  source: sourceName.optional(),
  ...paging
})
export const restoreListAnswer = z.object({ success, restores: z.array(restoreSchema), nextCursor })
