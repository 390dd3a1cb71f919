import { z } from 'zod'
import type { Retained } from '../../core/retention.ts'
import type { Pruned } from '../../engine/engine.ts'
import { count } from '../../present/common.ts'
import { decisionSchema, presentDecision } from '../../present/decision.ts'
import type { Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { table, type Column } from '../table.ts'
import { counted, inMinutes, inSize } from '../words.ts'

export const pruneSchema = z.object({
  dryRun: z.boolean(),
  decisions: z.array(decisionSchema).meta({ description: 'Every backup that counts, newest first, and the rule that decided.' }),
  removed: z.array(z.int().positive()).meta({ description: 'Ids of those that were removed.' }),
  refused: z.array(z.object({ source: z.string(), going: count, of: count })).meta({ description: 'On a dry run: sources that would lose so much that it needs --force.' })
})

/** `isKnown`: whoever looks at it has just seen what is decided. */
export function viewPruned ({ dryRun, decisions, removed, refused }: Pruned, { isKnown }: { readonly isKnown: boolean }): View {
  const json: z.infer<typeof pruneSchema> = { dryRun, decisions: decisions.map(presentDecision), removed: removed.map(({ id }) => id), refused: refused.map(one => ({ ...one })) }
  return {
    json,
    text: screen => `${isKnown ? '' : `${decisionTable(decisions, screen)}\n`}${dryRun ? plan({ decisions, refused }) : `${screen.colours.green('✓')} ${counted(removed.length, 'backup')} removed`}\n`
  }
}

export function decisionTable (decisions: readonly Retained[], screen: Screen): string {
  return decisions.length === 0 ? 'no backups\n' : table(columns(screen), decisions, screen)
}

/** How many go, what room that makes, and what does not go without more ado. */
export function plan ({ decisions, refused }: Pick<Pruned, 'decisions' | 'refused'>): string {
  const going = decisions.filter(({ keep }) => !keep)
  if (going.length === 0) return 'nothing to remove'
  const size = inSize(going.reduce((sum, { backup }) => sum + (backup.size ?? 0), 0))
  return [
    `${going.length} of ${counted(decisions.length, 'backup')} to remove, ${size}`,
    ...refused.map(({ source, going, of }) => `"${source}" would lose ${going} of ${of}: that is only done with --force`)
  ].join('\n')
}

function columns ({ colours }: Screen): ReadonlyArray<Column<Retained>> {
  return [
    { title: 'ID', align: 'right', cell: ({ backup }) => String(backup.id) },
    { title: 'SOURCE', cell: ({ backup }) => backup.source, atLeast: 8, expendable: 1 },
    { title: 'TYPE', cell: ({ backup }) => backup.schedule ?? backup.type, expendable: 3 },
    { title: 'CREATED (UTC)', cell: ({ backup }) => inMinutes(backup.startedAt) },
    { title: 'SIZE', align: 'right', cell: ({ backup }) => backup.size === null ? '' : inSize(backup.size), expendable: 2 },
    { title: 'THEN', cell: ({ keep, removal }) => keep ? 'keep' : removal === 'erase' ? 'erase' : 'trash', paint: (text, { keep }) => keep ? colours.green(text) : colours.red(text) },
    { title: 'RULE', cell: ({ reasons }) => reasons.join('; '), atLeast: 40, cut: 'end' }
  ]
}
