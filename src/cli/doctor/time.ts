import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { about, type Finding } from './finding.ts'
import { NO_SNAPSHOT, type Examination, type CatalogSnapshot } from './context.ts'
import { inSpan } from '../../core/duration.ts'

const run = promisify(execFile)
/** What lies further ahead than this was not written by this clock. Milliseconds. */
const TOLERANCE = 60_000
/** The command answers at once or not at all. Milliseconds. */
const PATIENCE = 5000

/** Whether the clock can be trusted: schedule and retention go by it. */
export const examineTime: Examination = async ({ timeCommand, clock }, snapshot) => [
  await examineSynchronization(timeCommand),
  snapshot === undefined ? about('clock').skipped(NO_SNAPSHOT) : await examineFuture(snapshot, clock.now())
]

async function examineSynchronization (command: string): Promise<Finding> {
  const { ok, warn, skipped } = about('clock')
  let answer: string
  try {
    answer = (await run(command, ['show', '--property=NTPSynchronized', '--value'], { timeout: PATIENCE })).stdout
      .trim()
  } catch {
    return skipped(`"${command}" is not available, so clock synchronization was not checked`)
  }
  if (answer === 'yes') return ok('the clock is synchronized over the network')
  if (answer !== 'no') return skipped(`"${command}" does not report whether the clock is synchronized`)
  return warn(
    'the clock is not synchronized over the network',
    'Turn on time synchronization ("timedatectl set-ntp true"), unless the host synchronizes the clock of this machine.'
  )
}

async function examineFuture ({ engine, deps }: CatalogSnapshot, now: Date): Promise<Finding> {
  const { newestBackup } = await deps.catalog.backups.statistics()
  const { jobs } = await engine.jobs({ limit: 1 })
  const newest = [newestBackup, jobs[0]?.createdAt ?? null].filter(at => at !== null).map(at => at.getTime())
  const ahead = Math.max(0, ...newest.map(at => at - now.getTime()))
  if (ahead <= TOLERANCE) return about('clock').ok('the catalog has no entries from the future')
  return about('clock').fail(
    `the catalog has entries from the future, up to ${inSpan(ahead)} ahead: the clock is wrong, or was wrong`,
    'Correct the clock. Backups from the future are kept until that time is past.'
  )
}
