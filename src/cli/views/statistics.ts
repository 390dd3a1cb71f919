import { z } from 'zod'
import type { ServiceStatistics } from '../../engine/status/sources.ts'
import { presentStatistics, statisticsSchema, type SourceStatisticsView } from '../../present/statistics.ts'
import type { Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { table, type Column } from '../table.ts'
import { inDuration } from '../../core/duration.ts'
import { inSize } from '../../core/size.ts'
import { inTime } from '../times.ts'
import { counted } from '../../core/counted.ts'
import { inAge } from '../words.ts'

export const statsSchema = z.object({ statistics: statisticsSchema })

export function viewStatistics (found: ServiceStatistics, now: Date): View {
  const statistics = presentStatistics(found, now)
  return {
    json: { statistics },
    text: screen => `${table(columns(screen), statistics.sources, screen)}\n${total(found, screen)}\n`
  }
}

function total ({ totalBackups, totalSize, newestBackup, failedBackups }: ServiceStatistics, screen: Screen): string {
  const newest = newestBackup === null ? 'none yet' : `the newest ${inTime(newestBackup, screen)}`
  return `${counted(totalBackups, 'backup')}, ${inSize(totalSize)}, ${newest}; ${counted(failedBackups, 'failure')}`
}

function columns ({ colours, now }: Screen): ReadonlyArray<Column<SourceStatisticsView>> {
  const age = (time: string | null): string => time === null ? '-' : inAge(new Date(time), now)
  const paint = {
    ok: colours.green,
    busy: colours.cyan,
    failing: colours.red,
    never: colours.yellow,
    unconfigured: colours.dim
  }
  return [
    { title: 'SOURCE', cell: ({ source }) => source, atLeast: 10 },
    { title: 'STATE', cell: ({ state }) => state, paint: (text, { state }) => paint[state](text) },
    { title: 'BACKUPS', align: 'right', cell: ({ totalBackups }) => String(totalBackups) },
    { title: 'SIZE', align: 'right', cell: ({ totalSize }) => inSize(totalSize) },
    { title: 'LAST', align: 'right', cell: ({ lastSuccess }) => age(lastSuccess) },
    { title: 'VERIFIED', align: 'right', cell: ({ lastVerified }) => age(lastVerified), expendable: 2 },
    { title: 'PROVEN', align: 'right', cell: ({ lastProven }) => age(lastProven), expendable: 5 },
    {
      title: 'RESTORE',
      align: 'right',
      cell: ({ lastRestoreSeconds }) => lastRestoreSeconds === null ? '-' : inDuration(lastRestoreSeconds * 1000),
      expendable: 6
    },
    { title: 'FAILED', align: 'right', cell: ({ lastFailure }) => age(lastFailure), expendable: 3 },
    { title: 'OLDEST', align: 'right', cell: ({ oldestBackup }) => age(oldestBackup), expendable: 4 },
    { title: 'NEXT', align: 'right', cell: ({ nextRun }) => age(nextRun), expendable: 1 }
  ]
}
