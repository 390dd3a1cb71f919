/** A program and its arguments. No shell interprets them. */
export type HookCommand = readonly [string, ...string[]]

/** Commands around the reading of a source, such as those that stop and start its application. */
export interface Hooks {
  /** Run in this order before anything is read. The first that fails ends the backup. */
  readonly before: readonly HookCommand[]
  /** Run in this order as soon as all parts are stored, and whenever a command of `before` was started. */
  readonly after: readonly HookCommand[]
  /** Milliseconds that each command may take. */
  readonly timeout: number
}

export const NO_HOOKS: Hooks = { before: [], after: [], timeout: 60_000 }

export function hasHooks ({ before, after }: Hooks): boolean {
  return before.length + after.length > 0
}

/** The end of a command. */
export interface CommandEnd {
  readonly isSuccess: boolean
  /** `exit code 1`, `signal SIGKILL`, `no end within 60 seconds`, or why it could not be started. */
  readonly end: string
  /** Standard output and standard error as they arrived; of a long text its end. */
  readonly output: string
}

/**
 * Runs a command with the PATH and HOME of the service and nothing else of its environment. It is ended together with
 * all processes of its group after `timeout` milliseconds, and when `signal` aborts. Resolves whatever comes of it;
 * rejects with `HOOK_FAILED` where hooks may not run at all.
 */
export type RunCommand = (command: HookCommand, timeout: number, signal: AbortSignal) => Promise<CommandEnd>

/** A source whose `after` commands have not succeeded since its `before` commands were started. */
export interface PendingHooks {
  readonly source: string
  readonly jobId: number
  readonly startedAt: Date
  /** Why the last attempt failed; null: there was none yet. */
  readonly error: string | null
}

/** Which sources have `after` commands to run. Methods behave as those of `Catalog` do. */
export interface HookLog {
  /** Recorded before the first command of `before`. An older record of the source is replaced. */
  begin(source: string, jobId: number, at: Date): Promise<void>
  /** The `after` commands have succeeded. */
  end(source: string): Promise<void>
  /** The `after` commands have failed; they stay recorded. */
  fail(source: string, error: string): Promise<void>
  /** In the order of sources. */
  pending(): Promise<readonly PendingHooks[]>
}
