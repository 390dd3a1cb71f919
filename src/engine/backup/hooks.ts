import { BackupError, toBackupError, type ErrorCode } from '../../core/errors.ts'
import { hasHooks, type CommandEnd, type HookCommand, type Hooks } from '../../core/hooks.ts'
import type { Task } from '../../core/job.ts'
import type { ProtectedSource } from '../../core/protected-source.ts'
import type { EngineDeps } from '../deps.ts'
import { sourceLock } from '../jobs/locks.ts'

type Moment = 'before' | 'after'

/**
 * Does `work` between the `before` and the `after` commands of the source. The `after` commands run whatever comes of
 * it, also where the job was cancelled, and by `settleHooks` where this process is killed. Rejects with `HOOK_FAILED`
 * where a command of `before` fails; then `work` is not done. A command of `after` that fails rejects nothing: it is
 * recorded, raises an alert and is run again by `settleHooks`.
 */
export async function withHooks<T> (
  deps: EngineDeps,
  { source: { name }, hooks }: Pick<ProtectedSource, 'source' | 'hooks'>,
  { jobId, signal }: Pick<Task, 'jobId' | 'signal'>,
  work: () => Promise<T>
): Promise<T> {
  if (!hasHooks(hooks)) return await work()
  await deps.catalog.hooks.begin(name, jobId, deps.clock.now())
  let isStarted = hooks.before.length === 0
  try {
    for (const command of hooks.before) {
      const end = await deps.runCommand(command, hooks.timeout, signal)
      isStarted = true
      const problem = await noted(deps, { name, jobId, moment: 'before', command }, end)
      signal.throwIfAborted()
      if (problem !== undefined) throw hookFailed(name, problem)
    }
    return await work()
  } finally {
    // Hooks that may not run at all have stopped nothing.
    if (isStarted) await runAfter(deps, name, hooks, jobId)
    else await deps.catalog.hooks.end(name)
  }
}

/**
 * The same for a set and its members: the commands of the set come first, then those of each member, and those of
 * `after` in the opposite order. The caller holds the locks of all of them.
 */
export async function withAllHooks<T> (
  deps: EngineDeps,
  chosen: ProtectedSource,
  task: Pick<Task, 'jobId' | 'signal'>,
  work: () => Promise<T>
): Promise<T> {
  const members = chosen.members.flatMap(name => deps.sources.get(name) ?? [])
  const inner = members.reduceRight<() => Promise<T>>((rest, member) => () => withHooks(deps, member, task, rest), work)
  return await withHooks(deps, chosen, task, inner)
}

/**
 * Runs the `after` commands of every source whose backup was killed in between, and those that failed. Rejects with the
 * first error of the catalog.
 */
export async function settleHooks (deps: EngineDeps): Promise<void> {
  for (const { source, jobId } of await deps.catalog.hooks.pending()) {
    // Held by the job for as long as it lives, in whatever process.
    const lock = await deps.runner.locks.tryLock([sourceLock(source)])
    if (lock === undefined) continue
    try {
      const hooks = deps.sources.get(source)?.hooks
      if (hooks === undefined || hooks.after.length === 0) await deps.catalog.hooks.end(source)
      else await runAfter(deps, source, hooks, jobId)
    } finally {
      await lock.release()
    }
  }
}

/** Runs all of them, also after one that failed. Never rejects. */
async function runAfter (deps: EngineDeps, name: string, { after, timeout }: Hooks, jobId: number): Promise<void> {
  const problems: string[] = []
  try {
    for (const command of after) {
      // A cancelled job must not leave an application stopped.
      const signal = new AbortController().signal
      const end = await deps.runCommand(command, timeout, signal)
      const problem = await noted(deps, { name, jobId, moment: 'after', command }, end)
      if (problem !== undefined) problems.push(problem)
    }
    if (problems.length === 0) await deps.catalog.hooks.end(name)
    else await deps.catalog.hooks.fail(name, problems.join('; '))
  } catch (thrown) {
    tellFailure(deps, name, toBackupError(thrown).code)
  }
}

interface Run {
  readonly name: string
  readonly jobId: number
  readonly moment: Moment
  readonly command: HookCommand
}

/** Adds the end and the output of a command to the log of the job. Returns the problem, where it failed. */
async function noted (
  deps: EngineDeps,
  { name, jobId, moment, command }: Run,
  { isSuccess, end, output }: CommandEnd
): Promise<string | undefined> {
  const line = `"${command.join(' ')}": ${end}`
  const text = output.trimEnd()
  try {
    await deps.catalog.jobs.addLog(jobId, {
      at: deps.clock.now(),
      text: `${moment}: ${line}${text === '' ? '' : `\n${text}`}`
    })
  } catch (thrown) {
    // The commands that follow are worth more than their log.
    tellFailure(deps, name, toBackupError(thrown).code)
  }
  if (isSuccess) return undefined
  tellFailure(deps, name, 'HOOK_FAILED')
  return line
}

function tellFailure ({ events }: EngineDeps, source: string, code: ErrorCode): void {
  events.emit({ type: 'operation.failed', operation: 'hook', source, method: null, code })
}

function hookFailed (name: string, problem: string): BackupError {
  return new BackupError('HOOK_FAILED', `the "before" hook of the source "${name}" failed: ${problem}`, {
    hint: 'The log of the job has the output of the command. Correct the command, or what it needs, and try again.'
  })
}
