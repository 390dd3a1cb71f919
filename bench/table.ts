/** Prints rows under a heading, with the columns as wide as they must be. */
export function printTable (title: string, heading: readonly string[], rows: ReadonlyArray<readonly string[]>): void {
  const widths = heading.map((text, column) => Math.max(text.length, ...rows.map(row => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells.map((text, column) => column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0))
      .join('  ')
  console.log(`\n${title}`)
  console.log(line(heading))
  console.log(widths.map(width => '-'.repeat(width)).join('  '))
  for (const row of rows) console.log(line(row))
}

export function seconds (milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`
}

export function ratio (part: number, whole: number): string {
  return `${(part / whole).toFixed(2)} ×`
}

/**
 * How the first of each pair stands to the second: the median of the ratios with their spread, `0.80 × (0.75–0.92)`.
 * Two that were measured one after the other have had the same machine; medians of each side have not.
 */
export function ratios (pairs: ReadonlyArray<readonly [part: number, whole: number]>): string {
  const each = pairs.map(([part, whole]) => part / whole)
  return `${median(each).toFixed(2)} × (${Math.min(...each).toFixed(2)}–${Math.max(...each).toFixed(2)})`
}

export function median (values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

export function megabytes (bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
