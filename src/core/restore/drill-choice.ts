import type { BackupOutline } from '../backup/backup.ts'

/** What the choice asks of a backup that is there. */
export type Drillable = Pick<BackupOutline, 'id' | 'startedAt' | 'verification'>

/** The drills of one backup, whatever came of them and whether the backup is still there. */
export interface Drilled {
  readonly backupId: number
  /** Of the last one. It grows with each drill. */
  readonly lastDrill: number
  readonly drills: number
}

export interface DrillChoice<B extends Drillable> {
  readonly backup: B
  readonly reason: string
}

/**
 * The quarters of the backups, from the oldest on, in the order in which they have their turn: far from each other, one
 * after the other.
 */
const QUARTERS = [[0, 'oldest'], [2, 'third'], [1, 'second'], [3, 'newest']] as const

/**
 * Which backup a drill that fell due takes: in turn the newest that was proven and not drilled yet, and one of the
 * quarters by age, there one that never was drilled, or the one whose last drill is longest ago. By age and not in a
 * row, for where backups come faster than drills a row would never get beyond the newest, or never away from the
 * oldest. One that is known to be damaged is left out while there is another. undefined: there is no backup.
 */
export function chooseDrill<B extends Drillable> (
  backups: readonly B[],
  history: readonly Drilled[]
): DrillChoice<B> | undefined {
  const whole = backups.filter(({ verification }) => verification.status !== 'invalid')
  const byAge = (whole.length === 0 ? backups : whole).toSorted((one, other) =>
    one.startedAt.getTime() - other.startedAt.getTime() || one.id - other.id
  )
  const lastDrill = new Map(history.map(drilled => [drilled.backupId, drilled.lastDrill]))
  const turn = history.reduce((total, { drills }) => total + drills, 0)

  if (turn % 2 === 0) {
    const newest = byAge.findLast(({ id, verification }) => verification.status === 'valid' && !lastDrill.has(id))
    if (newest !== undefined) return { backup: newest, reason: 'the newest verified backup without a drill' }
    return longestUntried(byAge, lastDrill, 'among all backups')
  }
  const [quarter, name] = QUARTERS[(turn - 1) / 2 % QUARTERS.length] ?? QUARTERS[0]
  const [from, to] = [quarter, quarter + 1].map(border => Math.floor(border * byAge.length / QUARTERS.length))
  return longestUntried(byAge.slice(from, to), lastDrill, `in the ${name} quarter of the backups`) ??
    longestUntried(byAge, lastDrill, 'among all backups')
}

/** `backups` are in the order of age, and so are those among them that never were drilled. */
function longestUntried<B extends Drillable> (
  backups: readonly B[],
  lastDrill: ReadonlyMap<number, number>,
  place: string
): DrillChoice<B> | undefined {
  const [backup] = backups.toSorted((one, other) => (lastDrill.get(one.id) ?? 0) - (lastDrill.get(other.id) ?? 0))
  if (backup === undefined) return undefined
  return {
    backup,
    reason: `${
      lastDrill.has(backup.id) ? 'the backup with the oldest drill' : 'the oldest backup without a drill'
    } ${place}`
  }
}
