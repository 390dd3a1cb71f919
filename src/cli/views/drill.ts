import { z } from 'zod'
import { inDuration, inSpan } from '../../core/duration.ts'
import type { AssertionResult } from '../../core/restore/drill.ts'
import type { Restore } from '../../core/restore/restore.ts'
import type { EvidenceOfDrills } from '../../engine/status/drill-evidence.ts'
import { evidenceSchema, presentEvidence, type EvidenceView } from '../../present/drill-evidence.ts'
import { drillMessage, drillSchema, presentDrill } from '../../present/drill.ts'
import type { Colours, Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { table, type Column } from '../table.ts'
import { printable } from '../text.ts'
import { inTime, timeColumns } from '../times.ts'
import { counted } from '../../core/counted.ts'
import { inAge } from '../words.ts'
import { checkLine } from './checks.ts'

export const oneDrillSchema = z.object({ drill: drillSchema })
export const drillsSchema = z.object({ drills: z.array(drillSchema) })
export const reportSchema = z.object({
  report: evidenceSchema,
  file: z.string().nullable().meta({ description: 'The page written.' })
})

export function viewDrill (drill: Restore): View {
  return {
    json: { drill: presentDrill(drill) },
    text: ({ colours }) => {
      const { checks = [], assertions = [], chosen } = drill.report ?? {}
      const lines = [
        ...checks.map(check => checkLine(check, colours)),
        ...assertions.map(result => assertionLine(result, colours))
      ]
      return [
        paintStatus(colours)[drill.status](printable(drillMessage(drill))),
        ...chosen === undefined ? [] : [`  ${colours.dim(`backup ${drill.backupId}: ${chosen}`)}`],
        ...lines.map(line => `  ${line}`),
        ''
      ].join('\n')
    }
  }
}

/** `✓ orders in the last 7 days: 12, at least 1`. */
function assertionLine ({ name, status, found, bound, reason }: AssertionResult, colours: Colours): string {
  const mark = { pass: colours.green('✓'), fail: colours.red('✗'), inconclusive: colours.yellow('?') }[status]
  return `${mark} ${
    printable(`${name}: ${status === 'inconclusive' ? reason ?? '' : `${found ?? 'nothing'}, ${bound}`}`)
  }`
}

export function viewDrills (drills: readonly Restore[]): View {
  return {
    json: { drills: drills.map(presentDrill) },
    text: screen => drills.length === 0 ? 'no drills\n' : table(columns(screen), drills, screen)
  }
}

function columns (screen: Screen): ReadonlyArray<Column<Restore>> {
  const { colours } = screen
  return [
    { title: 'ID', align: 'right', cell: ({ id }) => String(id) },
    ...timeColumns<Restore>('STARTED', ({ startedAt }) => startedAt, screen, { expendable: 3 }),
    { title: 'SOURCE', cell: ({ source }) => source, atLeast: 8 },
    { title: 'BACKUP', align: 'right', cell: ({ backupId }) => String(backupId) },
    {
      title: 'BACKUP AGE',
      align: 'right',
      cell: ({ report, startedAt }) =>
        report === null ? '' : inSpan(startedAt.getTime() - Date.parse(report.backup.startedAt)),
      expendable: 1
    },
    { title: 'STATUS', cell: ({ status }) => status, paint: (text, { status }) => paintStatus(colours)[status](text) },
    {
      title: 'RESTORE',
      align: 'right',
      cell: ({ restoreTime }) => restoreTime === null ? '' : inDuration(restoreTime)
    },
    { title: 'BY', cell: ({ actor }) => actor ?? 'schedule', atLeast: 6, expendable: 2 },
    { title: 'REASON', cell: ({ errorMessage }) => errorMessage ?? '', atLeast: 14, cut: 'end' }
  ]
}

/** `file`: the page that was written; null: none was. */
export function viewEvidence (found: EvidenceOfDrills, file: string | null): View {
  const report = presentEvidence(found)
  const { total, sources } = report
  return {
    json: { report, file },
    text: screen =>
      [
        `${counted(total.drills, 'drill')} since ${
          inTime(found.since, screen)
        }: ${total.passed} passed, ${total.failed} failed, ${total.inconclusive} inconclusive`,
        '',
        table(sourceColumns(screen), sources, screen),
        ...file === null ? [] : [`written to ${printable(file)}`, '']
      ].join('\n')
  }
}

function sourceColumns ({ now }: Screen): ReadonlyArray<Column<EvidenceView['sources'][number]>> {
  const time = (seconds: number | null): string => seconds === null ? '-' : inDuration(seconds * 1000)
  return [
    { title: 'SOURCE', cell: ({ source }) => source, atLeast: 8 },
    { title: 'PASSED', align: 'right', cell: ({ passed, drills }) => `${passed} of ${drills}` },
    { title: 'FAILED', align: 'right', cell: ({ failed }) => String(failed) },
    { title: 'BACKUPS', align: 'right', cell: ({ backups }) => String(backups), expendable: 3 },
    { title: 'FROM', cell: ({ oldest }) => oldest?.slice(0, 10) ?? '-', expendable: 2 },
    { title: 'TO', cell: ({ newest }) => newest?.slice(0, 10) ?? '-', expendable: 2 },
    { title: 'RESTORE', align: 'right', cell: ({ usualRestoreSeconds }) => time(usualRestoreSeconds) },
    {
      title: 'SLOWEST',
      align: 'right',
      cell: ({ slowestRestoreSeconds }) => time(slowestRestoreSeconds),
      expendable: 1
    },
    {
      title: 'PROVEN',
      align: 'right',
      cell: ({ now: standing }) =>
        standing === null || standing.lastProven === null ? '-' : inAge(new Date(standing.lastProven), now)
    },
    {
      title: 'DATA AT RISK',
      align: 'right',
      cell: ({ now: standing }) =>
        standing === null || standing.rpoSeconds === null ? '-' : inSpan(standing.rpoSeconds * 1000)
    }
  ]
}

function paintStatus (colours: Colours): Readonly<Record<Restore['status'], Colours['green']>> {
  return {
    running: colours.cyan,
    completed: colours.green,
    passed: colours.green,
    inconclusive: colours.yellow,
    failed: colours.red
  }
}
