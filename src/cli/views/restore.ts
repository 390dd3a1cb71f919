import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { inDuration } from '../../core/duration.ts'
import { totalSize, type Backup } from '../../core/backup/backup.ts'
import { describeSignature } from '../../core/backup/signature.ts'
import type { Restore } from '../../core/restore/restore.ts'
import { presentWarning } from '../../present/backup.ts'
import { presentRestore, presentUndo, restoreSchema, undoSchema } from '../../present/restore.ts'
import { presentSignature, signatureSchema } from '../../present/signature.ts'
import type { KeptFile } from '../kept-file.ts'
import type { Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { table, type Column } from '../table.ts'
import { wrap } from '../text.ts'
import { inSize } from '../../core/size.ts'
import { inTime, timeColumns } from '../times.ts'
import { nameOf } from './backup.ts'
import { factLines } from './facts.ts'

export const restoredSchema = z.object({
  restore: restoreSchema,
  undo: undoSchema.nullable(),
  warning: z.string().nullable(),
  signature: signatureSchema.nullable()
})
export const undoneSchema = z.object({ restore: restoreSchema })
export const restoresSchema = z.object({ restores: z.array(restoreSchema) })

/** What is in the place of a restore now. */
export interface Standing {
  readonly path: string
  /** The path that leads there by links; null: it is `path`. */
  readonly given: string | null
  /** In bytes; null: there is nothing. */
  readonly size: number | null
  readonly modified: Date | null
}

export interface Stakes {
  readonly standing: Standing
  /** The newest completed backup of the source. */
  readonly newest: Backup | undefined
  /** Whether it goes into the database itself. */
  readonly inPlace: boolean
}

/** What a restore would do, for whoever has to say yes to it. */
export function warning (backup: Backup, { standing, newest, inPlace }: Stakes, screen: Screen): string {
  const { colours, width } = screen
  const { given, size, modified } = standing
  const stored = totalSize(backup)
  const path = given === null ? standing.path : `${given} → ${standing.path}`
  const there = !isAbsolute(path)
    ? path
    : size === null || modified === null
    ? `${path} (does not exist)`
    : `${path} (${inSize(size)}), modified ${inTime(modified, screen)}`
  const facts = [
    [inPlace ? 'Current database' : 'Current file', there],
    ['Restore from', `backup ${backup.id} of "${backup.source}", ${nameOf(backup)}`],
    ['Created', inTime(backup.startedAt, screen)],
    ['Type', `${backup.method}, ${backup.type}`],
    [
      'Size',
      stored === null ? null : `${inSize(stored)}${backup.compression === 'none' ? '' : ' (compressed)'}`
    ],
    ['Manifest', manifestOf(backup)],
    [
      'Newest backup',
      newest === undefined || newest.id === backup.id
        ? null
        : `backup ${newest.id}, ${inTime(newest.startedAt, screen)}`
    ]
  ] as const
  const what = inPlace
    ? 'This replaces the current content of the source! That content, including all changes since the backup, is backed up first; that of a directory or a PostgreSQL database is kept under another name instead.'
    : 'This replaces the existing file!'
  const doubt = presentWarning(backup)
  return [
    colours.yellow(wrap(`⚠ WARNING: ${what}`, width, 2)),
    ...doubt === null ? [] : [colours.red(wrap(`⚠ WARNING: ${doubt}.`, width, 2))],
    ...factLines(facts, screen),
    ''
  ].join('\n')
}

export function viewRestored (restore: Restore, backup: Backup, kept?: Pick<KeptFile, 'path' | 'undo'>): View {
  const undo = presentUndo(restore)
  const warning = presentWarning(backup)
  const { bytes, restoreTime, startedAt, finishedAt, aside } = restore
  const whole = finishedAt === null ? null : inDuration(finishedAt.getTime() - startedAt.getTime())
  return {
    json: {
      restore: { ...presentRestore(restore), ...kept !== undefined && { keptFile: kept.path } },
      undo,
      warning,
      signature: presentSignature(backup.signature)
    },
    text: screen =>
      [
        `${screen.colours.green('✓')} Restored backup ${backup.id} to ${restore.target}`,
        ...factLines([
          ['Backup created', inTime(backup.startedAt, screen)],
          [
            'Restored in',
            restoreTime === null ? null : `${inDuration(restoreTime)}${whole === null ? '' : `, ${whole} in all`}`
          ],
          ['Size', bytes === null ? null : inSize(bytes)],
          ['Manifest', manifestOf(backup)],
          ...restore.members.map(({ name, mode, target }) => ['Member', `${name} (${mode}), ${target}`] as const),
          ['Previous file', kept?.path ?? aside],
          ['To undo', undo?.command ?? kept?.undo ?? null],
          ['Warning', warning],
          ...restore.warnings.map(text => ['Warning', text] as const)
        ], screen),
        ''
      ].join('\n')
  }
}

/** What an undo would do, for the user who has to confirm it. */
export function undoWarning ({ id, target, aside, finishedAt }: Restore, screen: Screen): string {
  const { colours, width } = screen
  return [
    colours.yellow(
      wrap(`⚠ WARNING: This removes the content that restore ${id} restored, with all changes since!`, width, 2)
    ),
    ...factLines([
      ['Current content', target],
      ['Restored', finishedAt === null ? null : inTime(finishedAt, screen)],
      ['Previous content', aside]
    ], screen),
    ''
  ].join('\n')
}

/** What the removal of the previous content would do. */
export function discardWarning ({ id, aside }: Restore, { colours, width }: Screen): string {
  const text = `This removes "${aside ?? ''}". Afterwards restore ${id} cannot be undone!`
  return `${colours.yellow(wrap(`⚠ WARNING: ${text}`, width, 2))}\n`
}

export function viewUndone (restore: Restore): View {
  return {
    json: { restore: presentRestore(restore) },
    text: ({ colours }) =>
      `${colours.green('✓')} Undid restore ${restore.id}: ${restore.target} has its previous content\n`
  }
}

export function viewDiscarded (restore: Restore): View {
  return {
    json: { restore: presentRestore(restore) },
    text: ({ colours }) => `${colours.green('✓')} Removed the previous content that restore ${restore.id} kept\n`
  }
}

function manifestOf ({ signature }: Backup): string | null {
  return signature === null ? null : describeSignature(signature)
}

export function viewRestores (restores: readonly Restore[]): View {
  return {
    json: { restores: restores.map(presentRestore) },
    text: screen => restores.length === 0 ? 'no restores\n' : table(columns(screen), restores, screen)
  }
}

function columns (screen: Screen): ReadonlyArray<Column<Restore>> {
  const { colours } = screen
  const paint = {
    running: colours.cyan,
    completed: colours.green,
    passed: colours.green,
    inconclusive: colours.yellow,
    failed: colours.red
  }
  return [
    { title: 'ID', align: 'right', cell: ({ id }) => String(id) },
    ...timeColumns<Restore>('STARTED', ({ startedAt }) => startedAt, screen, { expendable: 5 }),
    { title: 'KIND', cell: ({ kind }) => kind, expendable: 4 },
    { title: 'BACKUP', align: 'right', cell: ({ backupId }) => String(backupId) },
    { title: 'SOURCE', cell: ({ source }) => source, atLeast: 8, expendable: 3 },
    { title: 'STATUS', cell: ({ status }) => status, paint: (text, { status }) => paint[status](text) },
    {
      title: 'DURATION',
      align: 'right',
      cell: ({ restoreTime }) => restoreTime === null ? '' : inDuration(restoreTime),
      expendable: 1
    },
    {
      title: 'UNDO',
      align: 'right',
      cell: ({ safetyBackupId, aside, status, undoneAt }) =>
        safetyBackupId !== null
          ? String(safetyBackupId)
          : undoneAt !== null
          ? 'undone'
          : aside === null || status === 'running'
          ? ''
          : 'kept'
    },
    { title: 'BY', cell: ({ actor }) => actor ?? 'schedule', atLeast: 6, expendable: 2 },
    { title: 'ERROR', cell: ({ errorCode }) => errorCode ?? '', expendable: 2 },
    { title: 'TARGET', cell: ({ target }) => target, atLeast: 26 }
  ]
}
