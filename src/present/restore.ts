import { z } from 'zod'
import { MEMBER_STATES, RESTORE_KINDS, RESTORE_STATUSES, type Restore } from '../core/restore/restore.ts'
import { bytes, errorCode, instant, iso } from './common.ts'

export const undoSchema = z.object({
  backupId: z.int().positive().nullable().meta({
    description:
      'Restore this backup to return to the previous state; null: the previous content was kept without a backup.'
  }),
  call: z.string().meta({ description: 'The API request that does it.' }),
  command: z.string().meta({ description: 'The command that does it.' }),
  members: z.array(z.string()).meta({ description: 'For a set: the `members` of the API request.' })
}).meta({ id: 'Undo' })

/** A restore that was made, or tried. */
export const restoreSchema = z.object({
  id: z.int().positive(),
  kind: z.enum(RESTORE_KINDS),
  backupId: z.int().positive(),
  source: z.string(),
  target: z.string(),
  mode: z.string().meta({
    description:
      'A restore mode of the kind of the source, such as `live` or `replace`; `file`: to another path; `scratch`: a drill, whose result is removed.'
  }),
  status: z.enum(RESTORE_STATUSES),
  members: z.array(z.object({
    name: z.string(),
    kind: z.string(),
    target: z.string(),
    mode: z.string(),
    state: z.enum(MEMBER_STATES).meta({
      description:
        '`waiting`: not restored yet; `placing`: in progress; `placed`: restored; `undoing`: the previous content is being put back; `undone`: the previous content is in place again.'
    }),
    safetyBackupId: z.int().nullable().meta({ description: 'The backup of the previous content of the member.' }),
    keptFile: z.string().nullable().meta({ description: 'The previous content of the member, if it was kept.' })
  })).meta({ description: 'The restored members of a set; empty for a backup of one source.' }),
  bytes: bytes.nullable().meta({ description: 'Restored bytes.' }),
  startedAt: instant,
  finishedAt: instant.nullable(),
  durationMs: z.int().nonnegative().nullable().meta({
    description: 'Total duration: verification, backup of the previous content, and restore.'
  }),
  restoreTimeMs: z.int().nonnegative().nullable().meta({
    description: 'Duration until the content was in place.'
  }),
  actor: z.string().nullable().meta({ description: 'The caller; null: the schedule.' }),
  safetyBackupId: z.int().nullable().meta({ description: 'The backup of the previous content.' }),
  keptFile: z.string().nullable().meta({
    description: 'The previous file, if it could not be backed up.'
  }),
  undoneAt: instant.nullable().meta({
    description: 'When the previous content, which was kept, was put back; null: it was not.'
  }),
  discardedAt: instant.nullable().meta({
    description: 'When the previous content, which was kept, was removed; null: it was not.'
  }),
  warnings: z.array(z.string()).meta({
    description: 'Problems after the content was in place, including checks that could not be made.'
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
    members: restore.members.map(({ name, kind, target, mode, state, safetyBackupId, aside }) => ({
      name,
      kind,
      target,
      mode,
      state,
      safetyBackupId,
      keptFile: restore.status === 'running' ? null : aside
    })),
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
    undoneAt: iso(restore.undoneAt),
    discardedAt: iso(restore.discardedAt),
    warnings: [...restore.warnings],
    errorCode: restore.errorCode,
    errorMessage: restore.errorMessage
  }
}

/**
 * How to undo a restore: by what it kept, otherwise by the backup of the previous content; null: there is neither.
 */
export function presentUndo ({ safetyBackupId, members: restored = [], ...kept }:
  & Pick<Restore, 'safetyBackupId'>
  & Partial<Pick<Restore, 'id' | 'aside' | 'status' | 'members'>>): z.infer<typeof undoSchema> | null {
  const { id, aside = null, status } = kept
  if (id !== undefined && aside !== null && status !== 'running') {
    return {
      members: [],
      backupId: null,
      call: `POST /api/restores/${id}/undo`,
      command: `holdfast restores undo ${id}`
    }
  }
  if (safetyBackupId === null) return null
  // The backup of one member alone is not one of the set.
  const members = restored.length < 2 ? [] : restored.map(({ name }) => name)
  return {
    members,
    backupId: safetyBackupId,
    call: `POST /api/backups/${safetyBackupId}/restore`,
    command: ['holdfast', 'restore', safetyBackupId, ...members.map(name => `--member ${name}`)].join(' ')
  }
}
