import { PAGE, SAMPLE, type Measures } from '../../../src/core/backup/measures.ts'
import type { Profile } from '../../../src/core/backup/anomaly.ts'

export interface Drawn {
  readonly size: number
  readonly tables: Readonly<Record<string, number | null>>
  readonly density?: number
  readonly entropy?: number
  /** Share of the pages that are not as those of `since` 0 are. */
  readonly changed?: number
  /** Tells one change of the same share from another. */
  readonly turn?: number
}

/** The shortest stride, a power of two, with which no more pages are looked at than `SAMPLE`. */
export function strideFor (pages: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(pages / SAMPLE)))
}

/** What a backup would be measured as. Without `changed` its pages are those of every other one. */
export function profile ({ size, tables, density = 0.35, entropy = 4.5, changed = 0, turn = 1 }: Drawn): Profile {
  const pages = Math.ceil(size / PAGE)
  const stride = strideFor(pages)
  const sketch = Array.from({ length: Math.ceil(pages / stride) }, (_, index) => {
    const page = index * stride
    return (page * 0.618 % 1 < changed ? page * 7 + turn : page * 7) % 16
  }).map(digit => digit.toString(16)).join('')
  const measures: Measures = { pages, stride, entropy, density, sketch }
  return { size, tables: Object.entries(tables).map(([name, rows]) => ({ name, rows })), measures }
}
