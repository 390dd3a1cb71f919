/**
 * A time over which the clock of a zone runs evenly. Instants and offsets are milliseconds; local time is instant plus
 * offset.
 */
export interface Stretch {
  readonly from: number
  /** The first instant after it. */
  readonly to: number
  readonly offset: number
  /**
   * The offset until `from`: less than `offset` where a part of the day is left out there, more where it comes twice.
   */
  readonly before: number
}

const DAY = 86_400_000
/** So many zones are kept. There are fewer than 500, and names in any mixture of cases. */
const MOST = 500

const zones = new Map<string, Zone>()

/**
 * The zone of that name (in the IANA database); the changes of its clock are found once and kept. Throws a RangeError
 * for a zone that there is not.
 */
export function zoneOf (name: string): Zone {
  let zone = zones.get(name)
  if (zone === undefined) {
    zone = new Zone(name)
    if (zones.size >= MOST) zones.clear()
    zones.set(name, zone)
  }
  return zone
}

/** What the clocks of one zone (a name in the IANA database) show. Throws a RangeError for a zone that there is not. */
export class Zone {
  readonly #format: Intl.DateTimeFormat
  readonly #years = new Map<number, readonly Stretch[]>()

  constructor (name: string) {
    this.#format = new Intl.DateTimeFormat('en', { timeZone: name, timeZoneName: 'longOffset' })
  }

  /** The stretch that holds `instant`; it ends with the year, in UTC, if the clock is not changed before. */
  stretchAt (instant: number): Stretch {
    const year = new Date(instant).getUTCFullYear()
    let stretches = this.#years.get(year)
    if (stretches === undefined) {
      stretches = this.#stretchesOf(year)
      this.#years.set(year, stretches)
    }
    return stretches.find(({ to }) => instant < to) as Stretch
  }

  /**
   * The instant at which the clocks show `local`, the first one if they do twice. A time that the clocks leave out
   * counts as the one after the gap.
   */
  instantOf (local: number): number {
    // Offsets are less than a day, so that those on either side of any change nearby are found.
    const offsets = [local - DAY, local + DAY].map(instant => this.stretchAt(instant).offset)
    const shown = offsets.map(offset => local - offset).filter(instant =>
      this.stretchAt(instant).offset === local - instant
    )
    const [before = 0] = offsets
    return shown.length === 0 ? local - before : Math.min(...shown)
  }

  /** Zones are not known to change their clocks twice within a day. */
  #stretchesOf (year: number): readonly Stretch[] {
    const end = Date.UTC(year + 1, 0, 1)
    const stretches: Stretch[] = []
    let from = Date.UTC(year, 0, 1)
    let before = this.#offsetAt(from - 1)
    while (from < end) {
      const offset = this.#offsetAt(from)
      let at = from
      while (at < end && this.#offsetAt(at) === offset) at += DAY
      const to = at < end ? this.#changeBetween(at - DAY, at) : end
      stretches.push({ from, to, offset, before })
      before = offset
      from = to
    }
    return stretches
  }

  /** The first instant at which the clock runs as it does at `to`. */
  #changeBetween (from: number, to: number): number {
    const after = this.#offsetAt(to)
    let [low, high] = [from, to]
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (this.#offsetAt(middle) === after) high = middle
      else low = middle
    }
    return high
  }

  #offsetAt (instant: number): number {
    const [, sign, hours = '0', minutes = '0', seconds = '0'] =
      /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(this.#format.format(instant)) ?? []
    const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
    return sign === '-' ? -size : size
  }
}
