import { z } from 'zod'
import type { AuditEntry } from '../../core/catalog/audit.ts'
import { auditEntrySchema, presentAuditEntry } from '../../present/audit.ts'
import type { Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { table, type Column } from '../table.ts'
import { localColumn } from '../times.ts'
import { inSeconds } from '../words.ts'

export const auditSchema = z.object({ entries: z.array(auditEntrySchema) })

export function viewAudit (entries: readonly AuditEntry[]): View {
  return {
    json: { entries: entries.map(presentAuditEntry) },
    text: screen => entries.length === 0 ? 'the audit log is empty\n' : table(columns(screen), entries, screen)
  }
}

function columns (screen: Screen): ReadonlyArray<Column<AuditEntry>> {
  const { colours } = screen
  const paint = { done: colours.green, refused: colours.yellow, failed: colours.red }
  return [
    { title: 'AT (UTC)', cell: ({ at }) => inSeconds(at) },
    ...localColumn<AuditEntry>(({ at }) => at, screen),
    { title: 'WHO', cell: ({ actor }) => actor ?? '(unknown)', atLeast: 8 },
    { title: 'ROLE', cell: ({ role }) => role ?? '', expendable: 3 },
    { title: 'FROM', cell: ({ address }) => address ?? '', atLeast: 8, expendable: 2 },
    { title: 'BY', cell: ({ origin }) => origin, expendable: 4 },
    { title: 'ACTION', cell: ({ action }) => action, atLeast: 16 },
    { title: 'TARGET', cell: ({ target }) => target ?? '', atLeast: 8 },
    {
      title: 'OUTCOME',
      cell: ({ outcome, code }) => code === null ? outcome : `${outcome}: ${code}`,
      paint: (text, { outcome }) => paint[outcome](text),
      atLeast: 7,
      cut: 'end'
    },
    { title: 'TIMES', align: 'right', cell: ({ times }) => times === 1 ? '' : String(times), expendable: 1 }
  ]
}
