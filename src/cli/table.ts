import type { Screen } from './screen.ts'
import { cutEnd, cutMiddle, printable, widthOf } from './text.ts'

export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => string
  readonly align?: 'right'
  /** Where the table is too wide, the column with the highest number goes first; one without stays. */
  readonly expendable?: number
  /** It may be cut down to so many columns of the terminal, before another one goes. */
  readonly atLeast?: number
  /** Never cut: where the terminal has no room for it, lines get longer than its width. */
  readonly isWhole?: true
  /** What is cut off; a name loses its middle. */
  readonly cut?: 'end'
  readonly paint?: (text: string, row: Row) => string
}

const GAP = 2
/** No column gets narrower, however narrow the terminal is. */
const NARROWEST = 3

/**
 * A table without lines that fits the width: columns are cut or go, nothing wraps, and one with nothing in it is left
 * out. Lines are longer than the width only for a column that is never cut. Every line ends with a newline.
 */
export function table<Row> (
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { width, colours }: Pick<Screen, 'width' | 'colours'>
): string {
  const placed = columns.map(column => {
    const cells = rows.map(row => printable(column.cell(row)))
    return {
      column,
      cells,
      width: cells.reduce((widest, cell) => Math.max(widest, widthOf(cell)), widthOf(column.title))
    }
  })
  const chosen = fit(placed.filter(({ cells }) => cells.some(cell => cell !== '')), width)
  const head = chosen.map(({ column, width }) => pad(cut(column, column.title, width), column, width, colours.bold))
  const lines = rows.map((row, line) =>
    chosen.map(({ column, cells, width }) =>
      pad(cut(column, cells[line] ?? '', width), column, width, text => column.paint?.(text, row) ?? text)
    )
  )
  return [head, ...lines].map(line => `${line.join(' '.repeat(GAP)).trimEnd()}\n`).join('')
}

function pad<Row> (text: string, { align }: Column<Row>, width: number, paint: (text: string) => string): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)))
  const painted = text === '' ? '' : paint(text)
  return align === 'right' ? space + painted : painted + space
}

interface FittedColumn<Row> {
  readonly column: Column<Row>
  readonly cells: readonly string[]
  readonly width: number
}

/**
 * Cuts as little as possible, and rather cuts than leaves out. A time or a state, which has no `atLeast`, is cut only
 * after the names and texts that have one.
 */
function fit<Row> (all: ReadonlyArray<FittedColumn<Row>>, available: number): ReadonlyArray<FittedColumn<Row>> {
  const least = ({ column, width }: FittedColumn<Row>): number => Math.min(width, column.atLeast ?? width)
  if (total(all.map(least)) <= available) return narrow(all, available, least)
  const first = Math.max(...all.map(({ column }) => column.expendable ?? 0))
  if (first > 0) return fit(all.filter(({ column }) => column.expendable !== first), available)
  const spared = narrow(
    all,
    available,
    ({ column, width }) => column.atLeast === undefined ? width : narrowest(column, width)
  )
  if (total(spared.map(({ width }) => width)) <= available) return spared
  return narrow(spared, available, ({ column, width }) => narrowest(column, width))
}

function narrowest<Row> ({ isWhole }: Column<Row>, width: number): number {
  return isWhole === true ? width : Math.min(width, NARROWEST)
}

/** Takes from the widest, again and again, until everything has room or nothing more can be taken. */
function narrow<Row> (
  all: ReadonlyArray<FittedColumn<Row>>,
  available: number,
  least: (one: FittedColumn<Row>) => number
): ReadonlyArray<FittedColumn<Row>> {
  const widths = all.map(({ width }) => width)
  while (total(widths) > available) {
    const spare = all.map((one, index) => (widths[index] ?? 0) > least(one) ? widths[index] ?? 0 : 0)
    const widest = Math.max(...spare)
    if (widest === 0) break
    widths[spare.indexOf(widest)] = widest - 1
  }
  return all.map((one, index) => ({ ...one, width: widths[index] ?? one.width }))
}

function total (widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP * (widths.length - 1)
}

function cut<Row> (column: Column<Row>, text: string, width: number): string {
  return column.cut === 'end' ? cutEnd(text, width) : cutMiddle(text, width)
}
