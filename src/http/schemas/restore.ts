import { z } from 'zod'
import type { KindOutline } from '../../core/ports/source-kind.ts'
import { RESTORE_KINDS } from '../../core/restore/restore.ts'
import { dryRunSchema } from '../../present/dry-run.ts'
import { restoreSchema, undoSchema } from '../../present/restore.ts'
import { signatureSchema } from '../../present/signature.ts'
import { nextCursor, paging, sourceName, success } from './common.ts'
import { pathPattern } from './files.ts'

const CONFIRM = 'must be true, because the restore replaces the current content'

/** The body, with the modes of these kinds. The engine checks whether the kind of the source has the mode. */
export const restoreBody = (kinds: readonly KindOutline[]) =>
  z.strictObject({
    confirm: z.literal(true, CONFIRM).optional().meta({
      description: 'Must be true unless `dryRun` is set, because the restore replaces the current content.'
    }),
    dryRun: z.boolean().default(false).meta({
      description: 'true: nothing is changed; `dryRun` in the response shows what the restore would change.'
    }),
    target: z.string().min(1).max(4096).refine(target => !target.includes('\0'), 'expected a text without NUL')
      .optional().meta({
        description:
          'Another absolute path, or for a PostgreSQL database the name or URL of a new database; default: the source itself. For several members of a set: a directory that does not exist or is empty.'
      }),
    members: z.array(sourceName).min(1).max(100).optional().meta({
      description: 'For a backup of a set: restore only these members; default: all of them.'
    }),
    paths: z.array(pathPattern).min(1).max(100).optional().meta({
      description:
        'For a backup of files: restore only the files that match one of these patterns to `target`, a new directory; see `pattern` of GET /api/backups/{id}/files.'
    }),
    mode: z.enum(kinds.flatMap(({ modes }) => modes.map(({ name }) => name)), {
      error: `expected ${
        kinds.map(({ noun, modes }) => `${modes.map(({ name }) => `"${name}"`).join(' or ')} (${noun})`).join(', ')
      }`
    }).optional().meta({
      description: `For a restore to the source; default: the first mode of its kind that can be used. ${
        kinds.flatMap(({ noun, modes }) => modes.map(({ name, summary }) => `\`${name}\` (${noun}): ${summary}`)).join(
          '; '
        )
      }.`
    }),
    overwrite: z.boolean().optional().meta({ description: 'Whether an existing file at `target` may be replaced.' }),
    tables: z.array(z.string().min(1).max(200)).min(1).max(100).optional().meta({
      description:
        'For a PostgreSQL database: restore only the data of these tables, such as `public.orders`, to `target`, a new database. All definitions are restored.'
    }),
    schemas: z.array(z.string().min(1).max(130)).min(1).max(100).optional().meta({
      description: 'The same for all tables of these schemas.'
    }),
    owners: z.boolean().optional().meta({
      description:
        'false: restore a PostgreSQL database without the owners and privileges of its objects, for a server that does not have these roles.'
    }),
    verify: z.boolean().optional().meta({
      description: 'false: skip the verification before the restore, except for the digest.'
    }),
    timeoutMs: z.int().min(0).max(3_600_000).optional().meta({
      description: 'Maximum wait for locks of other processes; default: 15 seconds.'
    })
  }).refine(({ confirm, dryRun }) => dryRun || confirm === true, { path: ['confirm'], error: CONFIRM })

export const restoreDryRunAnswer = z.object({ success, message: z.string(), dryRun: dryRunSchema })

export const restoreAnswer = z.object({
  success,
  message: z.string(),
  restore: restoreSchema,
  undo: undoSchema.nullable(),
  warning: z.string().nullable().meta({ description: 'A warning about the backup; null: none.' }),
  signature: signatureSchema.nullable()
})
export const undoBody = z.strictObject({
  confirm: z.literal(true, 'must be true, because content is removed').meta({
    description: 'Must be true, because content is removed.'
  })
})
export const undoneAnswer = z.object({ success, message: z.string(), restore: restoreSchema })
export const restoreListQuery = z.strictObject({
  kind: z.enum(RESTORE_KINDS).optional(),
  source: sourceName.optional(),
  ...paging
})
export const restoreListAnswer = z.object({ success, restores: z.array(restoreSchema), nextCursor })
