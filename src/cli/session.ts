import { BackupError } from '../core/errors.ts'
import { isFinished, type Work } from '../core/job.ts'
import type { JobVerbs } from '../engine/jobs/verbs.ts'
import { audited, type AuditedAction, type Recorder } from './audited.ts'
import { withWhereabouts } from './guards.ts'
import { interruption } from './interruption.ts'
import type { Opened } from './opened.ts'
import type { Output } from './output.ts'
import { noProgress, progressOn } from './progress.ts'
import type { Screen } from './screen.ts'

/** Milliseconds between two attempts to start a job while another one works on its source. */
const TRY_AGAIN = 250

export interface Session
  extends Pick<Opened, 'engine' | 'audit' | 'defaultSource' | 'ownSource' | 'known' | 'kinds' | 'trashGrace'> {
  /**
   * Starts a job and waits for its end, while its progress is shown. Ctrl-C cancels it: its cleaning up is waited for,
   * and it rejects with `CANCELLED`, unless it was all but done.
   */
  readonly run: <T>(start: () => Promise<Work<T>>, options?: RunOptions) => Promise<T>
  /** Does what changes something, or shows what is in a backup or the audit log, and records it there. */
  readonly audited: <T>(action: AuditedAction, work: () => Promise<T>) => Promise<T>
  /** Who sits there. */
  readonly actor: string
}

/** What a command is given that only shows what the catalog knows. */
export type Reading = Pick<Session, 'engine' | 'audit' | 'audited' | 'ownSource' | 'kinds'>

interface RunOptions {
  /** Nothing is shown of its progress. */
  readonly quiet?: boolean
  /** Milliseconds to wait for another job on the same source, default 0. Then rejects with `BACKUP_IN_PROGRESS`. */
  readonly wait?: number
}

export interface SessionDeps extends Omit<Recorder, 'audit'> {
  /** Opens the engine, beside a server or without one. */
  readonly openEngine: () => Promise<Opened>
  readonly output: Output
  readonly screen: () => Screen
}

/** Opens the engine for as long as `work` takes, and closes it whatever comes of it. */
export async function withSession<T> (
  deps: SessionDeps,
  { json }: { readonly json?: true },
  work: (session: Session) => Promise<T>
): Promise<T> {
  const opened = await deps.openEngine()
  const { engine, audit, defaultSource, ownSource, known, kinds, trashGrace } = opened
  try {
    return await work({
      engine,
      audit,
      defaultSource,
      ownSource,
      known,
      kinds,
      trashGrace,
      actor: deps.actor,
      run: (start, { quiet = false, wait = 0 } = {}) => runJob(deps, opened, quiet || json === true, wait, start),
      audited: (action, deedWork) => audited({ ...deps, audit }, action, deedWork)
    })
  } catch (thrown) {
    throw withWhereabouts(thrown, known)
  } finally {
    await opened.close()
  }
}

async function runJob<T> (
  { output, screen, clock }: SessionDeps,
  { engine, events }: Opened,
  isQuiet: boolean,
  wait: number,
  start: () => Promise<Work<T>>
): Promise<T> {
  const { signal, dispose } = interruption()
  const view = isQuiet ? noProgress : progressOn(output.err, screen, clock)
  let own: number | undefined
  const unsubscribe = events.subscribe(event => {
    if (event.type === 'job.updated' && event.job.id === own && !isFinished(event.job)) view.tell(event.job)
  })
  try {
    const { job, result } = await whenFree({ clock, output }, wait, signal, start)
    own = job.id
    const onRequest = (): void => {
      cancel(engine, job.id)
    }
    signal.addEventListener('abort', onRequest, { once: true })
    if (signal.aborted) onRequest()
    return await result
  } catch (thrown) {
    // A terminal sends Ctrl-C to the processes that read the source as well: whichever of them ends first, it was
    // cancelled.
    if (signal.aborted) {
      throw new BackupError('CANCELLED', 'interrupted', {
        hint: 'Temporary files were removed. Run the command again to repeat it.',
        cause: thrown
      })
    }
    throw thrown
  } finally {
    unsubscribe()
    view.end()
    dispose()
  }
}

/**
 * Starts the job, and tries again for `wait` milliseconds while another one works on its source. The wait is announced
 * on standard error.
 */
async function whenFree<T> (
  { clock, output }: Pick<SessionDeps, 'clock' | 'output'>,
  wait: number,
  signal: AbortSignal,
  start: () => Promise<Work<T>>
): Promise<Work<T>> {
  const deadline = clock.now().getTime() + wait
  for (let isAnnounced = false;; isAnnounced = true) {
    try {
      return await start()
    } catch (error) {
      if (!(error instanceof BackupError) || error.code !== 'BACKUP_IN_PROGRESS') throw error
      if (clock.now().getTime() >= deadline) throw error
      if (!isAnnounced) output.err.write(`holdfast: ${error.message}; waiting until it ends\n`)
    }
    await clock.sleep(TRY_AGAIN, signal)
  }
}

/** A job that has ended by itself meanwhile needs no cancelling; how it went its result tells. */
function cancel (engine: JobVerbs, id: number): void {
  engine.cancel(id).catch(() => {})
}
