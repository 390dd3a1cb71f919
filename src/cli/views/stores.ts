import { z } from 'zod'
import type { ProbeFinding, ProbeStatus, StoreProbe } from '../../core/ports/store-probe.ts'
import type { StoreState } from '../../engine/status/stores.ts'
import { presentProbe, presentStore, probeSchema, storeSchema } from '../../present/store.ts'
import type { Colours, Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { table, type Column } from '../table.ts'
import { wrap } from '../text.ts'
import { inSize } from '../../core/size.ts'

export const storesSchema = z.object({
  stores: z.array(storeSchema),
  probes: z.array(probeSchema).optional().meta({ description: 'With --check: one for each store.' })
})

/** `probes` undefined: none was asked for. */
export function viewStores (stores: readonly StoreState[], probes: readonly StoreProbe[] | undefined): View {
  const json: z.infer<typeof storesSchema> = {
    stores: stores.map(presentStore),
    ...probes === undefined ? {} : { probes: probes.map(presentProbe) }
  }
  return {
    json,
    text: screen =>
      [
        table(columns(screen), stores, screen),
        ...stores.flatMap(({ name, failure }) =>
          failure === null ? [] : [`${marked('✗', screen.colours.red, `${name}: ${failure}`, screen.width)}\n`]
        ),
        ...(probes ?? []).map(probe => probeLines(probe, screen))
      ].join('\n')
  }
}

function columns ({ colours }: Screen): ReadonlyArray<Column<StoreState>> {
  return [
    { title: 'STORE', cell: ({ name }) => name },
    { title: 'KIND', cell: ({ kind }) => kind, expendable: 2 },
    {
      title: 'STATE',
      cell: ({ state, isRemembered }) => isRemembered ? 'read only' : state,
      paint: (text, { state }) => ({ ok: colours.green, waiting: colours.yellow, failing: colours.red })[state](text)
    },
    { title: 'BACKUPS', cell: ({ stored }) => String(stored), align: 'right' },
    { title: 'SIZE', cell: ({ bytes }) => inSize(bytes), align: 'right', expendable: 1 },
    { title: 'WAITING', cell: ({ waiting }) => waiting === 0 ? '' : String(waiting), align: 'right' },
    { title: 'LOCATION', cell: ({ place }) => place, atLeast: 16 }
  ]
}

const MARKS: Readonly<Record<ProbeStatus, string>> = { ok: '✓', warn: '!', fail: '✗', skipped: '-', absent: '–' }

function probeLines ({ store, findings }: StoreProbe, { colours, width }: Screen): string {
  // Of a store that does not answer there is nothing more to say.
  const told = findings.some(({ check, status }) => check === 'reach' && status === 'fail')
    ? findings.filter(({ status }) => status === 'fail')
    : findings
  return [colours.bold(store), ...told.map(finding => findingLines(finding, colours, width)), ''].join('\n')
}

function findingLines ({ check, status, message, remedy }: ProbeFinding, colours: Colours, width: number): string {
  const { green, yellow, red, dim } = colours
  const paint = { ok: green, warn: yellow, fail: red, skipped: dim, absent: dim }[status]
  const found = status === 'absent' ? `not available: ${message}` : message
  const line = marked(MARKS[status], paint, `${check}: ${found}`, width)
  return remedy === null ? line : `${line}\n    ${wrap(remedy, width - 4, 4)}`
}

/** `✓ list: …`, wrapped before the mark gets its colour: the sequence of a colour would count as columns. */
function marked (mark: string, paint: (text: string) => string, text: string, width: number): string {
  return `${paint(mark)}${wrap(`${mark} ${text}`, width, 2).slice(mark.length)}`
}
