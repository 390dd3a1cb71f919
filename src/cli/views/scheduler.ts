import { z } from 'zod'
import type { SourceState } from '../../engine/status/sources.ts'
import { instant } from '../../present/common.ts'
import { presentSource, sourceSchema } from '../../present/source.ts'
import { scheduleInWords } from '../policy-words.ts'
import type { Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { table, type Column } from '../table.ts'
import { wrap } from '../text.ts'
import { inTime, localColumn } from '../times.ts'
import { inAge, inMinutes } from '../words.ts'

/** Whoever serves from the data directory. */
export interface Server {
  readonly pid: number
  readonly host: string
  readonly since: string
}

const serverSchema = z.object({ pid: z.int(), host: z.string(), since: instant })

export const schedulerStatusSchema = z.object({
  server: serverSchema.nullable().meta({
    description: 'null: no server is running, so no automatic backups are made.'
  }),
  sources: z.array(sourceSchema)
})

export const schedulerStopSchema = z.object({
  stopped: serverSchema.meta({ description: 'The server, which has ended.' })
})

export function viewStopped ({ pid, host, since }: Server): View {
  const json: z.infer<typeof schedulerStopSchema> = { stopped: { pid, host, since } }
  return {
    json,
    text: screen => `stopped process ${pid}, which had been running since ${inTime(new Date(since), screen)}\n`
  }
}

export function viewScheduler (server: Server | undefined, states: readonly SourceState[], now: Date): View {
  return {
    json: {
      server: server === undefined ? null : { pid: server.pid, host: server.host, since: server.since },
      sources: states.map(state => presentSource(state, now))
    },
    text: screen => `${serverLine(server, screen)}\n\n${table(columns(screen), states, screen)}`
  }
}

function serverLine (server: Server | undefined, screen: Screen): string {
  const { colours, width } = screen
  if (server === undefined) {
    return `${colours.yellow('!')} ${
      wrap(
        'no server is running, so no automatic backups are made; start it with "holdfast scheduler start"',
        width - 2,
        2
      )
    }`
  }
  return `${colours.green('✓')} process ${server.pid} on "${server.host}" is running, started ${
    inTime(new Date(server.since), screen)
  }`
}

function columns (screen: Screen): ReadonlyArray<Column<SourceState>> {
  const { now } = screen
  return [
    { title: 'SOURCE', cell: ({ name }) => name, atLeast: 10 },
    { title: 'SCHEDULE', cell: ({ policy }) => scheduleInWords(policy), atLeast: 16, cut: 'end' },
    {
      title: 'LAST',
      align: 'right',
      cell: ({ statistics: { lastScheduled } }) => lastScheduled === null ? '-' : inAge(lastScheduled, now),
      expendable: 2
    },
    { title: 'NEXT', align: 'right', cell: ({ nextRun }) => nextRun === null ? '-' : inAge(nextRun, now) },
    { title: 'NEXT (UTC)', cell: ({ nextRun }) => nextRun === null ? '' : inMinutes(nextRun), expendable: 1 },
    ...localColumn<SourceState>(({ nextRun }) => nextRun, screen)
  ]
}
