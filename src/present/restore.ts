import { z } from 'zod'
import { RESTORE_KINDS, RESTORE_MODES, RESTORE_STATUSES, type Restore } from '../core/restore/restore.ts'
import { bytes, errorCode, instant, iso } from './common.ts'

export const undoSchema = z.object({
  backupId: z.int().positive().meta({ description: 'Restoring this one brings back what stood there before.' }),
  call: z.string().meta({ description: 'The call of the API that does it.' }),
  command: z.string().meta({ description: 'The same on the command line.' })
}).meta({ id: 'Undo' })

/** A restore that was made, or tried. */
export const restoreSchema = z.object({
  id: z.int().positive(),
  kind: z.enum(RESTORE_KINDS),
  backupId: z.int().positive(),
  source: z.string(),
  target: z.string(),
  mode: z.enum([...RESTORE_MODES, 'file', 'scratch']).meta({
    description: '`file`: to a path of its own; `scratch`: a drill, which is thrown away.'
  }),
  status: z.enum(RESTORE_STATUSES),
  bytes: bytes.nullable().meta({ description: 'Plain bytes that were put there.' }),
  startedAt: instant,
  finishedAt: instant.nullable(),
  durationMs: z.int().nonnegative().nullable().meta({
    description: 'Of the whole: proof, backup of what stood there, and restore.'
  }),
  restoreTimeMs: z.int().nonnegative().nullable().meta({
    description: 'How long it took to have the content in its place.'
  }),
  actor: z.string().nullable().meta({ description: 'Who asked for it; null: the schedule.' }),
  safetyBackupId: z.int().nullable().meta({ description: 'The backup of what stood there before.' }),
  keptFile: z.string().nullable().meta({
    description: 'The file that stood there before, where it could not be backed up.'
  }),
  warnings: z.array(z.string()).meta({
    description: 'What went wrong, or could not be checked, after the content was in its place.'
  }),
  errorCode: errorCode.nullable(),
  errorMessage: z.string().nullable()
}).meta({ id: 'Restore' })

export type RestoreView = z.infer<typeof restoreSchema>

export function presentRestore (restore: Restore): RestoreView {
  return {
    id: restore.id,
    kind: restore.kind,
    backupId: restore.backupId,
    source: restore.source,
    target: restore.target,
    mode: restore.mode,
    status: restore.status,
    bytes: restore.bytes,
    startedAt: restore.startedAt.toISOString(),
    finishedAt: iso(restore.finishedAt),
    durationMs: restore.finishedAt === null
      ? null
      : Math.max(0, restore.finishedAt.getTime() - restore.startedAt.getTime()),
    restoreTimeMs: restore.restoreTime,
    actor: restore.actor,
    safetyBackupId: restore.safetyBackupId,
    keptFile: restore.status === 'running' ? null : restore.aside,
    warnings: [...restore.warnings],
    errorCode: restore.errorCode,
    errorMessage: restore.errorMessage
  }
}

/** How to take a restore back; null: nothing stood there that was backed up. */
export function presentUndo ({ safetyBackupId }: Pick<Restore, 'safetyBackupId'>): z.infer<typeof undoSchema> | null {
  if (safetyBackupId === null) return null
  return {
    backupId: safetyBackupId,
    call: `POST /api/backups/${safetyBackupId}/restore`,
    command: `holdfast restore ${safetyBackupId}`
  }
}
