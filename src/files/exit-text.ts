/** The `exitText` of a process that succeeded. */
export const SUCCESS = 'exit code 0'

/** The end of a child process as text: `exit code 1`, `signal SIGKILL`. */
export function exitText (code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `exit code ${code ?? 0}` : `signal ${signal}`
}
