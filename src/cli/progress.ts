import { inSpan } from '../core/duration.ts'
import type { Clock } from '../core/clock.ts'
import { percent, type Job, type JobProgress } from '../core/job.ts'
import { BEGIN_LINE, CLEAR_LINE } from './edge.ts'
import type { Stream } from './output.ts'
import type { Colours, Screen } from './screen.ts'
import { inSize } from '../core/size.ts'

/** Of a job, what is shown of its progress. */
export type Underway = Pick<Job, 'id' | 'kind' | 'backupId' | 'progress'>

/** Shows how far a job is. */
export interface ProgressView {
  tell(job: Underway): void
  /** Takes away what would be in the way of the result. */
  end(): void
}

const LONGEST_BAR = 40
const SHORTEST_BAR = 10
/** Columns left free: a terminal writes "^C" after the line, and one that had to wrap would keep what was drawn. */
const MARGIN = 3
/** Milliseconds between two drawings. */
const DRAW_EVERY = 100

/** For `--json`. */
export const noProgress: ProgressView = { tell () {}, end () {} }

/** A bar that is drawn over itself on a terminal, elsewhere one line for each phase. */
export function progressOn (stream: Stream, screen: () => Screen, clock: Clock): ProgressView {
  let begun: { readonly phase: string, readonly at: number } | undefined
  let drawnAt = 0
  return {
    tell (job) {
      const now = clock.now().getTime()
      const phase = `${job.id} ${job.progress.phase}`
      const isNew = phase !== begun?.phase
      if (begun === undefined || isNew) begun = { phase, at: now }
      if (stream.isTTY !== true) {
        if (isNew && job.progress.phase !== 'waiting') stream.write(`${phaseLine(job)}\n`)
      } else if (isNew || Math.abs(now - drawnAt) >= DRAW_EVERY) {
        drawnAt = now
        stream.write(`${BEGIN_LINE}${progressBar(job, now - begun.at, screen())}${CLEAR_LINE}`)
      }
    },
    end () {
      if (stream.isTTY === true && begun !== undefined) stream.write(`${BEGIN_LINE}${CLEAR_LINE}`)
    }
  }
}

/** `backup 12: verifying 15.3 MB`. */
export function phaseLine (job: Underway): string {
  const { bytesTotal } = job.progress
  return `${subject(job)}${job.progress.phase}${bytesTotal === null ? '' : ` ${inSize(bytesTotal)}`}`
}

/**
 * One line no wider than the screen, for a phase that began `elapsed` milliseconds ago: what is told last goes first
 * where there is no room.
 */
export function progressBar (
  job: Underway,
  elapsed: number,
  { width, colours }: Pick<Screen, 'width' | 'colours'>
): string {
  const label = `${subject(job)}${job.progress.phase}`
  const share = percent(job.progress)
  if (share === null || job.progress.bytesTotal === null) return `${label} …`.slice(0, width - MARGIN)
  const facts = [`${String(share).padStart(3)} %`, ...figures(job.progress, job.progress.bytesTotal, elapsed)]
  for (let shown = facts.length; shown > 0; shown--) {
    const text = facts.slice(0, shown).join('  ')
    const room = Math.min(LONGEST_BAR, width - MARGIN - label.length - text.length - 4)
    if (room >= SHORTEST_BAR) return `${label}  ${bar(share, room, colours)}  ${text}`
  }
  return `${label} ${share} %`.slice(0, width - MARGIN)
}

/**
 * On `verify` and the like several backups may come one after the other; a new one has no number that says anything
 * yet.
 */
function subject ({ kind, backupId }: Underway): string {
  return kind === 'create' || backupId === null ? '' : `backup ${backupId}: `
}

function figures ({ bytesDone }: JobProgress, total: number, elapsed: number): string[] {
  const done = `${inSize(bytesDone)} of ${inSize(total)}`
  const rate = elapsed > 0 ? bytesDone / elapsed * 1000 : 0
  if (rate === 0) return [done]
  return [done, `${inSize(rate)}/s`, `${inSpan(Math.ceil(Math.max(0, total - bytesDone) / rate) * 1000)} left`]
}

function bar (share: number, width: number, colours: Colours): string {
  const full = Math.round(width * share / 100)
  return colours.green('━'.repeat(full)) + colours.dim('─'.repeat(width - full))
}
