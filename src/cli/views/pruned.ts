import { z } from 'zod'
import type { Retained } from '../../core/retention/retention.ts'
import type { Pruned } from '../../engine/retention/prune.ts'
import type { RetainedCopy } from '../../engine/retention/prune-copies.ts'
import { count } from '../../present/common.ts'
import { copyDecisionSchema, decisionSchema, presentCopyDecision, presentDecision } from '../../present/decision.ts'
import type { Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { table, type Column } from '../table.ts'
import { inSize } from '../../core/size.ts'
import { timeColumns } from '../times.ts'
import { counted } from '../../core/counted.ts'

export const pruneSchema = z.object({
  dryRun: z.boolean(),
  decisions: z.array(decisionSchema).meta({
    description: 'Every backup that the rules considered, newest first, and the rule that decided.'
  }),
  copies: z.array(copyDecisionSchema).meta({
    description: 'Every copy in a store that has its own rules, and the rule that decided.'
  }),
  removed: z.array(z.int().positive()).meta({ description: 'Ids of the removed backups.' }),
  refused: z.array(z.object({ source: z.string(), going: count, of: count })).meta({
    description: 'On a dry run: sources that would lose so many backups that --force is required.'
  })
})

/** `isKnown`: whoever looks at it has just seen what is decided. */
export function viewPruned (
  { dryRun, decisions, copies, removed, refused }: Pruned,
  { isKnown }: { readonly isKnown: boolean }
): View {
  const json: z.infer<typeof pruneSchema> = {
    dryRun,
    decisions: decisions.map(presentDecision),
    copies: copies.map(presentCopyDecision),
    removed: removed.map(({ id }) => id),
    refused: refused.map(one => ({ ...one }))
  }
  return {
    json,
    text: screen =>
      `${isKnown ? '' : `${decisionTable(decisions, copies, screen)}\n`}${
        dryRun
          ? plan({ decisions, copies, refused })
          : `${screen.colours.green('✓')} ${counted(removed.length, 'backup')} removed`
      }\n`
  }
}

export function decisionTable (
  decisions: readonly Retained[],
  copies: readonly RetainedCopy[],
  screen: Screen
): string {
  const all = [...decisions, ...copies]
  if (all.length === 0) return 'no backups\n'
  return table(copies.length === 0 ? columns(screen) : withStore(columns(screen)), all, screen)
}

function withStore (columns: ReadonlyArray<Column<Retained | RetainedCopy>>): ReadonlyArray<
  Column<Retained | RetainedCopy>
> {
  return [
    ...columns.slice(0, 2),
    { title: 'STORE', cell: retained => 'store' in retained ? retained.store : '' },
    ...columns.slice(2)
  ]
}

/** How many go, what room that makes, and what does not go without more ado. */
export function plan ({ decisions, copies, refused }: Pick<Pruned, 'decisions' | 'copies' | 'refused'>): string {
  const going = [...decisions, ...copies].filter(({ keep }) => !keep)
  if (going.length === 0) return 'nothing to remove'
  const size = inSize(going.reduce((sum, { backup }) => sum + (backup.size ?? 0), 0))
  return [
    `${going.length} of ${
      copies.length === 0
        ? counted(decisions.length, 'backup')
        : `${decisions.length + copies.length} backups and copies`
    } to remove, ${size}`,
    ...refused.map(({ source, going, of }) =>
      `"${source}" would lose ${going} of ${of} backups, which requires --force`
    )
  ].join('\n')
}

function columns (screen: Screen): ReadonlyArray<Column<Retained | RetainedCopy>> {
  const { colours } = screen
  return [
    { title: 'ID', align: 'right', cell: ({ backup }) => String(backup.id) },
    { title: 'SOURCE', cell: ({ backup }) => backup.source, isWhole: true },
    { title: 'TYPE', cell: ({ backup }) => backup.schedule ?? backup.type, expendable: 3 },
    ...timeColumns<Retained | RetainedCopy>('CREATED', ({ backup }) => backup.startedAt, screen, { expendable: 4 }),
    {
      title: 'SIZE',
      align: 'right',
      cell: ({ backup }) => backup.size === null ? '' : inSize(backup.size),
      expendable: 2
    },
    {
      title: 'ACTION',
      cell: ({ keep, removal }) => keep ? 'keep' : removal ?? 'trash',
      paint: (text, { keep }) => keep ? colours.green(text) : colours.red(text)
    },
    { title: 'RULE', cell: ({ reasons }) => reasons.join('; '), atLeast: 40, cut: 'end' }
  ]
}
