import { z } from 'zod'
import type { SourceState } from '../../engine/status/sources.ts'
import { instant } from '../../present/common.ts'
import { presentSource, sourceSchema } from '../../present/source.ts'
import { scheduleInWords } from '../policy-words.ts'
import type { Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { table, type Column } from '../table.ts'
import { wrap } from '../text.ts'
import { inAge, inMinutes } from '../words.ts'

/** Whoever serves from the data directory. */
export interface Server {
  readonly pid: number
  readonly host: string
  readonly since: string
}

export const schedulerStatusSchema = z.object({
  server: z.object({ pid: z.int(), host: z.string(), since: instant }).nullable().meta({
    description: 'null: no server is running, so no automatic backups are made.'
  }),
  sources: z.array(sourceSchema)
})

export function viewScheduler (server: Server | undefined, states: readonly SourceState[], now: Date): View {
  return {
    json: {
      server: server === undefined ? null : { pid: server.pid, host: server.host, since: server.since },
      sources: states.map(state => presentSource(state, now))
    },
    text: screen => `${serverLine(server, screen)}\n\n${table(columns(screen), states, screen)}`
  }
}

function serverLine (server: Server | undefined, { colours, now, width }: Screen): string {
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
    inAge(new Date(server.since), now)
  }`
}

function columns ({ now }: Screen): ReadonlyArray<Column<SourceState>> {
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
    { title: 'NEXT (UTC)', cell: ({ nextRun }) => nextRun === null ? '' : inMinutes(nextRun), expendable: 1 }
  ]
}
