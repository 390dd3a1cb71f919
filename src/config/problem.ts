import { BackupError } from '../core/errors.ts'

/** One thing that is wrong with the configuration. Never carries the value of a secret. */
export interface Problem {
  /** The variable, or the place in holdfast.yaml: `MAX_BACKUPS`, `sources[1].path`. */
  readonly name: string
  /** What is wrong: lowercase, no full stop; follows the name. */
  readonly problem: string
  /** One sentence that says what to do. */
  readonly remedy: string
}

/** The report for people: every problem with its remedy, two lines each. */
export function describeProblems (problems: readonly Problem[]): string {
  const count = problems.length === 1 ? 'is 1 problem' : `are ${problems.length} problems`
  const lines = problems.map(({ name, problem, remedy }) => `  ${name}: ${problem}\n    ${remedy}`)
  return [`there ${count} with the configuration`, ...lines].join('\n')
}

export function configError (problems: readonly Problem[], cause?: unknown): BackupError {
  return new BackupError('CONFIG_INVALID', describeProblems(problems), { cause, hint: 'Correct these and start again; "holdfast config check" shows the same report.' })
}
