import type { TableFacts } from '../ports/source.ts'
import type { Manifest } from './manifest.ts'
import { changedShare, type Measures } from './measures.ts'

/** So many good backups before a new one tell what is usual. */
export const HISTORY = 10
/** With fewer, nobody knows yet what is usual: only what is far beyond the limits counts then. */
const KNOWN = 3

const MiB = 1024 * 1024
/** Rows may fall by a clean-up; that more than half of a table goes at once is worth a question. Before to after. */
const ROWS_FALL = 2
/**
 * Fewer lost rows than this are no alarm by themselves, whatever share of their table: small tables are emptied and
 * filled all day.
 */
const ROWS_LEAST = 500
/**
 * But where so many tables fall at once, and they are half of all that had anything in them, it is not one table's
 * daily life.
 */
const TABLES_LEAST = 3
/** Rows that a table must have had to be counted among those. */
const TABLE_SMALL = 20
/** A VACUUM after a large clean-up makes a file smaller, by a half or so; three quarters are more than that. */
const SHRINK = 4
const SHRINK_LEAST = 8 * MiB
/** Growing loses nothing, so it takes more: a loop that writes for ever, or a disk that somebody is filling. */
const GROWTH = 5
const GROWTH_LEAST = 64 * MiB
/**
 * Whoever encrypts a database writes most of its pages anew, but so does VACUUM, and any change to a whole table:
 * changed pages alone are no alarm. Encrypted content is also denser, and VACUUM makes the pages denser by leaving out
 * what is empty; so the content as a whole, for each row, must have become more: all three together are neither. A
 * quarter of the pages, so that one large table is enough.
 */
const CHANGED = 0.25
const DENSER = 1.5
/**
 * Compressed to half of it or less, it is text or tables, however much there is of it. Hex digits of random bytes are
 * just above.
 */
const DENSE = 0.5
/** The same by entropy, which sees random bytes among others where compression still finds something. Bits a byte. */
const STRONGER = 1.4
const STRONG = 6
/** Pages written over with nothing: the file is as large as it was, the rows are there, and what they said is not. */
const WIPED = 2.5
const SAME_SIZE = 0.7
/** Of fewer pages a share says nothing. */
const PAGES_LEAST = 16
/** Tables that one backup names. */
const NAMED = 5

/** What is compared of two backups. Sizes are bytes. */
export interface Profile {
  readonly size: number
  readonly tables: readonly TableFacts[]
  /** null: the backup is from before they were taken. */
  readonly measures: Measures | null
}

export function profileOf ({ image, facts, measures }: Pick<Manifest, 'image' | 'facts' | 'measures'>): Profile {
  return { size: image.size, tables: facts.tables, measures: measures ?? null }
}

/**
 * In what way a new backup is not like the good ones before it, newest first, in words with figures. Empty: it is as
 * one would expect, or there are none to compare it with. Rows are compared with all of `history`. Size and content are
 * compared with those of `alike`, newest first as well: full backups for a full one, none for an increment, whose size
 * is that of the changes. What was usual so far is no alarm: a step counts only if it
 * is larger than its limit, and larger than the largest step of that kind in the history twice over, so that a table
 * that is emptied every night does not cry wolf. Whether the schema changed plays no part: deployments do that. Pure.
 */
export function findAnomalies (
  now: Profile,
  history: readonly Profile[],
  alike: readonly Profile[] = history
): readonly string[] {
  const [[last], [lastAlike]] = [history, alike]
  return [
    ...last === undefined ? [] : rowsLost(now, last, history),
    ...lastAlike === undefined
      ? []
      : [...sizeChanged(now, lastAlike, alike), ...contentChanged(now, lastAlike, alike)]
  ]
}

interface Fallen {
  readonly table: string
  readonly before: number
  /** null: the table is gone. */
  readonly after: number | null
}

function rowsLost (now: Profile, last: Profile, history: readonly Profile[]): readonly string[] {
  const after = countsOf(now)
  const before = countsOf(last)
  const renamed = [...after].filter(([name]) => !last.tables.some(table => table.name === name)).map(([, rows]) => rows)
  const fallen: Fallen[] = []
  for (const [table, rows] of before) {
    const left = after.get(table)
    if (left !== undefined && isBeyond(ratio(rows, left), seriesOf(table, history), ROWS_FALL)) {
      fallen.push({ table, before: rows, after: left })
    }
    const isGone = left === undefined && !now.tables.some(({ name }) => name === table)
    if (isGone && rows > 0 && !renamed.some(count => ratio(rows, count) <= ROWS_FALL)) {
      fallen.push({ table, before: rows, after: null })
    }
  }
  const large = fallen.filter(each => lost(each) >= ROWS_LEAST).toSorted((a, b) => lost(b) - lost(a))
  const counted = [...before.values()].filter(rows => rows >= TABLE_SMALL).length
  const several = fallen.filter(each => each.before >= TABLE_SMALL)
  const isWidespread = several.length >= TABLES_LEAST && several.length * 2 >= counted
  return [
    ...large.slice(0, NAMED).map(inWords),
    ...large.length > NAMED ? [`and also in ${large.length - NAMED} more tables`] : [],
    ...isWidespread ? [`the number of rows fell in ${several.length} of ${counted} tables at the same time`] : []
  ]
}

function countsOf ({ tables }: Profile): ReadonlyMap<string, number> {
  return new Map(tables.flatMap(({ name, rows }) => rows === null ? [] : [[name, rows] as const]))
}

/** How many rows the table had, newest first, for as far back as it was there. */
function seriesOf (table: string, history: readonly Profile[]): readonly number[] {
  const counts = history.map(profile => countsOf(profile).get(table))
  const end = counts.indexOf(undefined)
  return counts.slice(0, end === -1 ? undefined : end).map(rows => rows ?? 0)
}

function lost ({ before, after }: Fallen): number {
  return before - (after ?? 0)
}

function inWords ({ table, before, after }: Fallen): string {
  if (after === null) return `the table "${table}" with ${before} rows is missing`
  return `the number of rows in "${table}" fell by ${percent(1 - after / before)}, from ${before} to ${after}`
}

function sizeChanged (now: Profile, last: Profile, history: readonly Profile[]): readonly string[] {
  const sizes = history.map(({ size }) => size)
  const change = now.size - last.size
  if (-change >= SHRINK_LEAST && isBeyond(ratio(last.size, now.size), sizes, SHRINK)) {
    return [`the database shrank by ${percent(-change / last.size)}, from ${last.size} to ${now.size} bytes`]
  }
  if (change >= GROWTH_LEAST && isBeyond(ratio(now.size, last.size), sizes.map(size => 1 / size), GROWTH)) {
    return [`the database grew to ${times(now.size / last.size)} its size, from ${last.size} to ${now.size} bytes`]
  }
  return []
}

interface Content {
  readonly density: number
  readonly entropy: number
  /** What is left of the image once it is compressed, in bytes, … */
  readonly compressed: number
  /** … and the same by its entropy. */
  readonly information: number
}

function contentChanged (now: Profile, last: Profile, history: readonly Profile[]): readonly string[] {
  if (now.measures === null || last.measures === null || last.measures.pages < PAGES_LEAST) return []
  const changed = changedShare(last.measures, now.measures) ?? 0
  if (changed < CHANGED) return []
  const after = contentOf(now, now.measures)
  const before = contentOf(last, last.measures)
  const known = history.flatMap(({ measures }) => measures ?? [])
  const rose = (of: 'density' | 'entropy', limit: number): boolean =>
    isBeyond(ratio(after[of], before[of]), known.map(each => 1 / each[of]), limit)
  const each = perRow(now, last)

  const isDenser = after.density >= DENSE && rose('density', DENSER) &&
    after.compressed * each >= before.compressed * DENSER
  const isStronger = after.entropy >= STRONG && rose('entropy', STRONGER) &&
    after.information * each >= before.information * STRONGER
  if (isDenser || isStronger) {
    return [
      `${percent(changed)} of the pages changed, and their compressed size is now ${
        percent(after.density)
      } of the original instead of ${percent(before.density)}: the data appears to be encrypted`
    ]
  }
  const isWiped = now.size >= last.size * SAME_SIZE &&
    isBeyond(ratio(before.compressed, after.compressed * each), known.map(({ density }) => density), WIPED)
  if (isWiped) {
    return [
      `${percent(changed)} of the pages changed, and their compressed size is now ${
        percent(after.density)
      } of the original instead of ${percent(before.density)}: the data appears to be overwritten`
    ]
  }
  return []
}

function contentOf ({ size }: Profile, { density, entropy }: Measures): Content {
  return { density, entropy, compressed: density * size, information: entropy / 8 * size }
}

/**
 * By what the content of `now` is to be multiplied to be that of as many rows as there were: rows that are added or
 * removed bring and take their content.
 */
function perRow (now: Profile, last: Profile): number {
  const total = (profile: Profile): number => [...countsOf(profile).values()].reduce((sum, rows) => sum + rows, 0)
  const before = total(last)
  const after = total(now)
  return before === 0 || after === 0 ? 1 : before / after
}

/**
 * Whether a step is larger than `limit` and than the largest such step in `series` twice over. `series` is what the
 * step is the last of, newest first, written so that a step of this kind makes it smaller.
 */
function isBeyond (step: number, series: readonly number[], limit: number): boolean {
  let largest = 1
  for (const [index, value] of series.entries()) largest = Math.max(largest, ratio(series[index + 1] ?? value, value))
  return step > Math.max(series.length < KNOWN ? limit ** 2 : limit, largest ** 2)
}

/** From something to nothing is a step without end, from nothing to nothing none at all. */
function ratio (from: number, to: number): number {
  if (from === to) return 1
  return to === 0 ? Number.POSITIVE_INFINITY : from / to
}

function percent (share: number): string {
  return `${Math.round(share * 100)} %`
}

function times (factor: number): string {
  return `${factor.toFixed(1)} times`
}
