import pc from 'picocolors'
import type { Clock } from '../core/clock.ts'
import { own } from './edge.ts'
import type { Stream } from './output.ts'

export type Colours = ReturnType<typeof pc.createColors>

/** How a thing is to be shown. */
export interface Screen {
  /** Columns; Infinity where it is no terminal, so that nothing is cut for whoever searches in it. */
  readonly width: number
  readonly colours: Colours
  readonly now: Date
  /** The zone of the reader, by its name in the IANA database. */
  readonly timeZone: string
  /** The words by which the user calls this program. */
  readonly command: string
}

/** How wide a terminal is that does not say. */
const USUAL_WIDTH = 80

export function screenOn (
  stream: Stream,
  environment: Readonly<Record<string, string | undefined>>,
  clock: Clock,
  command = 'holdfast'
): Screen {
  return {
    width: stream.isTTY === true ? widthOf(stream) : Number.POSITIVE_INFINITY,
    colours: coloursOf(wantsColours(stream, environment)),
    now: clock.now(),
    timeZone: zoneOfReader(environment['TZ']),
    command
  }
}

/** A terminal that nobody has given a size, as in some CI systems, has 0 columns. */
function widthOf ({ columns = 0 }: Stream): number {
  return columns === 0 ? USUAL_WIDTH : columns
}

/** Colours whose sequences the edge lets through. */
function coloursOf (isWanted: boolean): Colours {
  const plain = pc.createColors(isWanted)
  if (!isWanted) return plain
  const marked = Object.entries<Colours['red'] | boolean>({ ...plain }).map(([name, paint]) => {
    if (typeof paint === 'boolean') return [name, paint] as const
    const [open = '', close = ''] = paint('\0').split('\0')
    return [name, (text: string | number | null | undefined) => `${own(open)}${String(text)}${own(close)}`] as const
  })
  return { ...plain, ...Object.fromEntries(marked) as Partial<Colours> }
}

/**
 * `NO_COLOR` (https://no-color.org) has the last word, then `FORCE_COLOR`; otherwise a terminal gets colours, unless it
 * is a dumb one.
 */
function wantsColours (
  stream: Stream,
  { NO_COLOR: no = '', FORCE_COLOR: force = '', TERM: term }: Readonly<Record<string, string | undefined>>
): boolean {
  if (no !== '') return false
  if (force !== '') return force !== '0' && force !== 'false'
  return stream.isTTY === true && term !== 'dumb'
}

/** The zone of the reader: TZ where it names one of the IANA database, otherwise that of the machine. */
function zoneOfReader (tz: string | undefined): string {
  try {
    if (tz !== undefined && tz !== '') return new Intl.DateTimeFormat('en', { timeZone: tz }).resolvedOptions().timeZone
  } catch {
    // Forms of POSIX, such as ":/etc/localtime" or "CET-1CEST".
  }
  return new Intl.DateTimeFormat('en').resolvedOptions().timeZone
}
