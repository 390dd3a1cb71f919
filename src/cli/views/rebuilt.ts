import { z } from 'zod'
import type { FoundSource, Rebuilt, RebuiltStore } from '../../engine/recovery/rebuild.ts'
import { count, errorCode } from '../../present/common.ts'
import type { View } from '../shell.ts'
import { table, type Column } from '../table.ts'
import { printable } from '../text.ts'
import { inSize } from '../../core/size.ts'
import { counted } from '../../core/counted.ts'
import { inMinutes } from '../words.ts'

const refusedSchema = z.object({ key: z.string(), reason: z.string() })

export const rebuildSchema = z.object({
  adopted: count.meta({
    description:
      'Number of backups found by their manifests, each counted once, including those already in the catalog.'
  }),
  refused: z.array(refusedSchema.extend({ store: z.string() })).meta({
    description: 'Manifests that could not be imported.'
  }),
  stores: z.array(z.object({
    name: z.string(),
    kind: z.string(),
    place: z.string(),
    added: count.meta({ description: 'Backups that were not in the catalog.' }),
    foreign: count.meta({ description: 'Backups of other installations: listed, never removed by a rule.' }),
    joined: count.meta({ description: 'Backups already in the catalog that gained a copy.' }),
    sources: z.array(
      z.object({ source: z.string(), backups: count, bytes: count, oldest: z.iso.datetime(), newest: z.iso.datetime() })
    ),
    failure: z.object({ code: errorCode, message: z.string() }).nullable().meta({
      description: 'Why some of the backups in the store could not be read.'
    })
  }))
})

/** `isListing`: nothing was taken over. */
export function viewRebuilt ({ adopted, stores }: Rebuilt, isListing: boolean): View {
  const refused = stores.flatMap(({ name, refused }) => refused.map(one => ({ ...one, store: name })))
  const found = stores.flatMap(({ name, sources }) => sources.map(source => ({ store: name, ...source })))
  const outcome = isListing ? `${counted(adopted, 'backup')} can be imported` : imported(adopted, stores)
  return {
    json: { adopted, refused, stores: stores.map(presentStore) },
    text: screen =>
      [
        ...found.length === 0 ? [] : [table(COLUMNS, found, screen)],
        `${adopted === 0 ? screen.colours.yellow('⚠') : screen.colours.green('✓')} ${outcome}`,
        ...stores.flatMap(({ place, foreign }) =>
          foreign === 0
            ? []
            : [
              `${screen.colours.yellow('⚠')} ${printable(place)}: ${
                counted(foreign, 'backup')
              } of another installation, which can be restored by id and are never removed by a rule`
            ]
        ),
        ...stores.flatMap(({ place, failure }) =>
          failure === null ? [] : [`${screen.colours.red('✗')} ${printable(place)}: ${printable(failure.message)}`]
        ),
        ...refused.map(({ store, key, reason }) =>
          `${screen.colours.red('✗')} ${printable(key)} in "${store}": ${printable(reason)}`
        ),
        ''
      ].join('\n')
  }
}

/** A backup in several stores is new in the first of them. */
function imported (found: number, stores: readonly RebuiltStore[]): string {
  const added = stores.reduce((sum, store) => sum + store.added, 0)
  if (added === found) return `imported ${counted(added, 'backup')} from manifests`
  if (added > 0) return `imported ${added} of ${counted(found, 'backup')}; the others were already in the catalog`
  return `${found === 1 ? 'the backup is' : `all ${found} backups are`} already in the catalog`
}

/** Whether anything that is there could not be taken over. */
export function hasFallenShort ({ stores }: Rebuilt): boolean {
  return stores.some(({ refused, failure }) => refused.length > 0 || failure !== null)
}

function presentStore ({ name, kind, place, added, foreign, joined, sources, failure }: RebuiltStore) {
  return {
    name,
    kind,
    place,
    added,
    foreign,
    joined,
    sources: sources.map(source => ({
      ...source,
      oldest: source.oldest.toISOString(),
      newest: source.newest.toISOString()
    })),
    failure
  }
}

const COLUMNS: ReadonlyArray<Column<FoundSource & { readonly store: string }>> = [
  { title: 'STORE', cell: ({ store }) => store, atLeast: 8 },
  { title: 'SOURCE', cell: ({ source }) => source, atLeast: 8 },
  { title: 'BACKUPS', align: 'right', cell: ({ backups }) => String(backups) },
  { title: 'OLDEST (UTC)', cell: ({ oldest }) => inMinutes(oldest), expendable: 2 },
  { title: 'NEWEST (UTC)', cell: ({ newest }) => inMinutes(newest), expendable: 1 },
  { title: 'SIZE', align: 'right', cell: ({ bytes }) => inSize(bytes), expendable: 3 }
]
