import type { Screen } from '../screen.ts'
import { printable, wrap } from '../text.ts'

/** A name and what there is to say; null: nothing. */
export type Fact = readonly [string, string | null]

/** One fact a line, below each other. What somebody else wrote is made safe to show. */
export function factLines (facts: readonly Fact[], { width, colours }: Pick<Screen, 'width' | 'colours'>): string[] {
  const said = facts.filter((fact): fact is readonly [string, string] => fact[1] !== null)
  const longest = Math.max(...said.map(([name]) => name.length))
  return said.map(([name, value]) => {
    const label = name.padEnd(longest)
    return wrap(`  ${label}  ${printable(value)}`, width, longest + 4).replace(label, colours.dim(label))
  })
}
