import { z } from 'zod'
import type { Run } from '../../core/schedule/run.ts'
import { presentRun, runSchema } from '../../present/run.ts'
import type { Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { table, type Column } from '../table.ts'
import { timeColumns } from '../times.ts'

export const runsSchema = z.object({ runs: z.array(runSchema) })

export function viewRuns (runs: readonly Run[]): View {
  return {
    json: { runs: runs.map(presentRun) },
    text: screen => runs.length === 0 ? 'no runs\n' : table(columns(screen), runs, screen)
  }
}

function columns (screen: Screen): ReadonlyArray<Column<Run>> {
  const { colours } = screen
  const paint = {
    waiting: colours.yellow,
    running: colours.cyan,
    done: colours.green,
    failed: colours.red,
    skipped: colours.dim
  }
  return [
    ...timeColumns<Run>('DUE', ({ dueAt }) => dueAt, screen, { expendable: 3 }),
    { title: 'KIND', cell: ({ kind }) => kind },
    { title: 'SOURCE', cell: ({ source }) => source ?? '(all)', atLeast: 8 },
    { title: 'RULE', cell: ({ rule }) => rule, atLeast: 8, expendable: 1 },
    { title: 'STATUS', cell: ({ status }) => status, paint: (text, { status }) => paint[status](text) },
    { title: 'ATTEMPTS', align: 'right', cell: ({ attempts }) => String(attempts), expendable: 2 },
    { title: 'BACKUP', align: 'right', cell: ({ backupId }) => backupId === null ? '' : String(backupId) },
    { title: 'REASON', cell: ({ reason, errorCode }) => reason ?? errorCode ?? '', atLeast: 14, cut: 'end' }
  ]
}
