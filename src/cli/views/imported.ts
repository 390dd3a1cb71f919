import { basename } from 'node:path'
import { z } from 'zod'
import { totalSize } from '../../core/backup/backup.ts'
import { TIME_ORIGINS, type TimeOrigin } from '../../core/backup/import-record.ts'
import { counted } from '../../core/counted.ts'
import type { BackupError } from '../../core/errors.ts'
import type { Retained } from '../../core/retention/retention.ts'
import { inSize } from '../../core/size.ts'
import type { Imported } from '../../engine/backup/import.ts'
import type { ImportPlan } from '../../engine/backup/import-plan.ts'
import { backupSchema, presentBackup } from '../../present/backup.ts'
import { count, errorCode, instant } from '../../present/common.ts'
import { decisionSchema, presentDecision } from '../../present/decision.ts'
import type { Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { table } from '../table.ts'
import { printable, wrap } from '../text.ts'
import { timeColumns } from '../times.ts'

/** What became of a file. */
export type FileOutcome =
  | Imported
  | { readonly outcome: 'planned', readonly plan: ImportPlan }
  | { readonly outcome: 'skipped' | 'failed', readonly path: string, readonly error: BackupError }

const fileSchema = z.object({
  path: z.string(),
  outcome: z.enum(['imported', 'known', 'planned', 'skipped', 'failed']).meta({
    description:
      '`known`: the same content was imported for the same time before. `skipped`: a file of a directory that the source cannot import.'
  }),
  kind: z.string().nullable().meta({ description: 'Kind of the source; null in this and the next fields: unknown.' }),
  form: z.string().nullable().meta({
    description: 'Format of the decompressed file, such as `sql`.'
  }),
  at: instant.nullable().meta({ description: 'Time of the data.' }),
  timeFrom: z.enum(TIME_ORIGINS).nullable().meta({
    description: 'Origin of the time: --at, the name of the file, or its last modification.'
  }),
  size: count.nullable().meta({ description: 'Bytes of the file, with the files next to it that are read with it.' }),
  backup: backupSchema.nullable(),
  notes: z.array(z.string()),
  removed: z.array(z.string()).meta({ description: 'Files that were removed (`--remove`).' }),
  error: z.object({ code: errorCode, message: z.string() }).nullable()
})

export const importSchema = z.object({
  dryRun: z.boolean(),
  source: z.string(),
  files: z.array(fileSchema).meta({ description: 'Oldest data first; then files that were skipped or failed.' }),
  removals: z.array(decisionSchema).meta({
    description: 'Backups of the source that the next backup or prune removes by the rules, also imported ones.'
  })
})

type FileView = z.infer<typeof fileSchema>

const ORIGINS: Readonly<Record<TimeOrigin, string>> = { option: '--at', name: 'name', modified: 'last change' }

export function viewImported (
  source: string,
  outcomes: readonly FileOutcome[],
  removals: readonly Retained[],
  { isDryRun }: { readonly isDryRun: boolean }
): View {
  const json: z.infer<typeof importSchema> = {
    dryRun: isDryRun,
    source,
    files: outcomes.map(presentOutcome),
    removals: removals.map(presentDecision)
  }
  return {
    json,
    text: screen =>
      [
        table(
          [
            { title: 'FILE', cell: outcome => basename(pathOf(outcome)), atLeast: 16 },
            ...timeColumns<FileOutcome>('DATA', outcome => planOf(outcome)?.at ?? null, screen, { expendable: 3 }),
            {
              title: 'TIME FROM',
              cell: outcome => {
                const plan = planOf(outcome)
                return plan === undefined ? '' : ORIGINS[plan.timeFrom]
              }
            },
            { title: 'FORMAT', cell: outcome => planOf(outcome)?.form.label ?? '', expendable: 1 },
            {
              title: 'SIZE',
              align: 'right',
              cell: outcome => {
                const plan = planOf(outcome)
                return plan === undefined ? '' : inSize(plan.size)
              },
              expendable: 2
            },
            {
              title: 'RESULT',
              cell: resultOf,
              isWhole: true,
              paint: (text, { outcome }) => outcome === 'failed' ? screen.colours.red(text) : text
            }
          ],
          outcomes,
          screen
        ),
        ...outcomes.flatMap(outcome => remarksOf(outcome)).map(remark => wrap(printable(remark), screen.width, 2)),
        summary(json.files, screen, isDryRun),
        ...removalLines(source, removals, screen),
        ''
      ].join('\n')
  }
}

function presentOutcome (outcome: FileOutcome): FileView {
  const plan = planOf(outcome)
  const { backup, notes, removed } = 'backup' in outcome ? outcome : { backup: null, notes: [], removed: [] }
  return {
    path: pathOf(outcome),
    outcome: outcome.outcome,
    kind: plan?.kind ?? null,
    form: plan?.form.name ?? null,
    at: plan?.at.toISOString() ?? null,
    timeFrom: plan?.timeFrom ?? null,
    size: plan?.size ?? null,
    backup: backup === null ? null : presentBackup(backup),
    notes: [...notes],
    removed: [...removed],
    error: 'error' in outcome ? { code: outcome.error.code, message: outcome.error.message } : null
  }
}

function planOf (outcome: FileOutcome): Omit<ImportPlan, 'importer'> | undefined {
  return 'plan' in outcome ? outcome.plan : undefined
}

function pathOf (outcome: FileOutcome): string {
  return 'plan' in outcome ? outcome.plan.path : outcome.path
}

function resultOf (outcome: FileOutcome): string {
  switch (outcome.outcome) {
    case 'imported':
      return `backup ${outcome.backup.id}, ${inSize(totalSize(outcome.backup) ?? 0)}`
    case 'known':
      return `imported before as backup ${outcome.backup.id}`
    case 'planned':
      return 'can be imported'
    default:
      return outcome.outcome
  }
}

/** Sentences about one file. */
function remarksOf (outcome: FileOutcome): readonly string[] {
  const name = basename(pathOf(outcome))
  if ('error' in outcome) {
    const { message, hint } = outcome.error
    return [`${name}: ${message}${hint === undefined || outcome.outcome === 'skipped' ? '' : `. ${hint}`}`]
  }
  if (outcome.outcome === 'planned') return []
  const { backup: { id, suspicion, verification }, notes, removed } = outcome
  return [
    ...notes.map(note => `${name}: ${note}`),
    ...verification.status === 'valid' ? [] : [`${name}: backup ${id} is ${verification.status}`],
    ...suspicion === null ? [] : [`${name}: backup ${id} is suspect: ${suspicion.reasons.join('; ')}`],
    ...removed.map(path => `removed "${path}"`)
  ]
}

function summary (files: readonly FileView[], { colours }: Screen, isDryRun: boolean): string {
  const number = (wanted: FileView['outcome']): number => files.filter(({ outcome }) => outcome === wanted).length
  const failed = number('failed')
  const parts = [
    isDryRun
      ? `${counted(number('planned'), 'file')} can be imported`
      : `${counted(number('imported'), 'file')} imported`,
    ...number('known') === 0 ? [] : [`${number('known')} imported before`],
    ...number('skipped') === 0 ? [] : [`${number('skipped')} skipped`],
    ...failed === 0 ? [] : [`${failed} failed`]
  ]
  return `${failed === 0 ? colours.green('✓') : colours.red('✗')} ${parts.join(', ')}`
}

function removalLines (source: string, removals: readonly Retained[], { colours }: Screen): readonly string[] {
  if (removals.length === 0) return []
  return [
    '',
    `${colours.yellow('!')} By the rules of "${source}", the next backup or prune removes:`,
    ...removals.map(({ backup, reasons }) =>
      `  backup ${backup.id} from ${backup.startedAt.toISOString()}: ${printable(reasons.join('; '))}`
    ),
    '  To keep them, pin them ("holdfast pin ID", or "import --pin"), or change "maxBackups" or "retention" first.'
  ]
}
