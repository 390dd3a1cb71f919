import { z } from 'zod'
import { ORIGINS } from '../core/schedule/settings.ts'
import { errorCode } from '../present/common.ts'
import { diagnosisSchema } from './doctor/finding.ts'
import { auditSchema } from './views/audit.ts'
import { oneBackupSchema, showSchema } from './views/backup.ts'
import { createdSchema } from './views/created.ts'
import { drillsSchema, oneDrillSchema, reportSchema } from './views/drill.ts'
import { exportSchema } from './views/exported.ts'
import { filesSchema } from './views/files.ts'
import { importSchema } from './views/imported.ts'
import { keyConfirmSchema, keyListSchema, keyNewSchema } from './views/key.ts'
import { listSchema } from './views/backups.ts'
import { pruneSchema } from './views/pruned.ts'
import { rebuildSchema } from './views/rebuilt.ts'
import { salvageSchema } from './views/salvaged.ts'
import { dryRunSchema } from './views/dry-run.ts'
import { sampleSchema } from './views/sample.ts'
import { releasedSchema } from './views/released.ts'
import { restoredSchema, restoresSchema, undoneSchema } from './views/restore.ts'
import { downloadSchema } from './views/downloaded.ts'
import { uploadSchema } from './views/uploaded.ts'
import { diffSchema, extractSchema, rescueSchema } from './views/rows.ts'
import { runsSchema } from './views/runs.ts'
import { schedulerStatusSchema, schedulerStopSchema } from './views/scheduler.ts'
import { sourcesSchema } from './views/sources.ts'
import { storesSchema } from './views/stores.ts'
import { statsSchema } from './views/statistics.ts'
import { tokenCreateSchema, tokenListSchema, tokenRevokeSchema } from './views/token.ts'
import { thawSchema } from './views/thawing.ts'
import { restoreFromTrashSchema } from './views/trash.ts'
import { verifyFileSchema, verifySchema } from './views/verified.ts'

/** The last line on standard error of a command that failed, where `--json` was said. */
export const errorSchema = z.object({
  error: z.object({
    code: errorCode,
    message: z.string(),
    hint: z.string().optional(),
    details: z.record(z.string(), z.union([z.string(), z.number()])).optional().meta({
      description: 'Facts for programs, such as the id of the conflicting job.'
    })
  })
})

const problemSchema = z.object({ name: z.string(), problem: z.string(), remedy: z.string() })

/** Everything that is in force with where it comes from, or everything that is wrong. */
export const configSchema = z.union([
  z.object({
    ok: z.literal(true),
    file: z.string().nullable().meta({ description: 'The holdfast.yaml that was read.' }),
    config: z.array(
      z.object({
        key: z.string(),
        variable: z.string(),
        value: z.union([z.string(), z.number(), z.boolean()]).nullable(),
        origin: z.enum(ORIGINS)
      })
    ),
    sources: z.array(
      z.looseObject({ name: z.string(), kind: z.string(), path: z.string(), policy: z.looseObject({}) })
    ),
    defaultSource: z.string(),
    stores: z.array(z.looseObject({ name: z.string(), kind: z.string(), place: z.string() })),
    notices: z.array(problemSchema).meta({ description: 'Settings that have no effect.' })
  }),
  z.object({ ok: z.literal(false), problems: z.array(problemSchema) })
])

/** What each command prints with `--json`, by its words. */
export const OUTPUTS = {
  'backup create': createdSchema,
  list: listSchema,
  show: showSchema,
  verify: verifySchema,
  'verify --file': verifyFileSchema,
  prune: pruneSchema,
  restore: restoredSchema,
  'restore --dry-run': dryRunSchema,
  'restore --thaw': thawSchema,
  'restores list': restoresSchema,
  'restores undo': undoneSchema,
  'restores discard': undoneSchema,
  files: filesSchema,
  diff: diffSchema,
  rescue: rescueSchema,
  'rescue --csv': extractSchema,
  export: exportSchema,
  drill: oneDrillSchema,
  drills: drillsSchema,
  report: reportSchema,
  import: importSchema,
  upload: uploadSchema,
  download: downloadSchema,
  remove: oneBackupSchema,
  'restore-from-trash': restoreFromTrashSchema,
  release: oneBackupSchema,
  'release --all-suspect': releasedSchema,
  pin: oneBackupSchema,
  unpin: oneBackupSchema,
  describe: oneBackupSchema,
  stats: statsSchema,
  sources: sourcesSchema,
  stores: storesSchema,
  runs: runsSchema,
  rebuild: rebuildSchema,
  salvage: salvageSchema,
  sample: sampleSchema,
  audit: auditSchema,
  'scheduler status': schedulerStatusSchema,
  'scheduler stop': schedulerStopSchema,
  'token create': tokenCreateSchema,
  'token list': tokenListSchema,
  'token revoke': tokenRevokeSchema,
  'key new': keyNewSchema,
  'key list': keyListSchema,
  'key confirm': keyConfirmSchema,
  'config check': configSchema,
  'config show': configSchema,
  doctor: diagnosisSchema,
  error: errorSchema
} as const satisfies Record<string, z.ZodType>

/** One JSON schema for them all: `#/$defs/list` and so on. */
export function outputSchema (): object {
  const { $defs, properties } = z.toJSONSchema(z.object(OUTPUTS))
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Output of the commands of holdfast with --json',
    description:
      'Generated from the code: one definition for each command, named after the command, and the shared types.',
    $defs: { ...properties, ...$defs }
  }
}
