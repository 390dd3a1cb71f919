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

export type ProblemCode = 'CONFIG_INVALID' | 'CONFIG_DIFFERS' | 'SERVER_CONFIG_UNREADABLE' | 'DATA_DIR_UNSAFE'

/** Problems of one kind. */
export interface Problems {
  readonly code: ProblemCode
  readonly problems: readonly Problem[]
}

/** The report for people: every problem with its remedy, two lines each. */
export function describeProblems (problems: readonly Problem[], code: ProblemCode = 'CONFIG_INVALID'): string {
  const lines = problems.map(({ name, problem, remedy }) => `  ${name}: ${problem}\n    ${remedy}`)
  return [headline(code, problems.length), ...lines].join('\n')
}

function headline (code: ProblemCode, count: number): string {
  switch (code) {
    case 'CONFIG_INVALID':
      return `there ${count === 1 ? 'is 1 problem' : `are ${count} problems`} with the configuration`
    case 'CONFIG_DIFFERS':
      return `the configuration differs from that of the server on this data directory (${count} ${
        count === 1 ? 'key differs' : 'keys differ'
      })`
    case 'SERVER_CONFIG_UNREADABLE':
      return 'the configuration of the server on this data directory cannot be read'
    case 'DATA_DIR_UNSAFE':
      return 'another user can change files in the data directory'
  }
}

const HINTS: Readonly<Record<ProblemCode, string>> = {
  CONFIG_INVALID: 'Correct these settings and start again; "holdfast config check" prints the report again.',
  CONFIG_DIFFERS:
    'Remove these settings to use the configuration of the server, or add --ignore-server-config to use those of the command.',
  SERVER_CONFIG_UNREADABLE: 'The command did nothing, because its result could differ from that of the server.',
  DATA_DIR_UNSAFE:
    'Apply the remedy of each, and start again; or set DATA_DIR to a new directory, which the service then creates.'
}

/** The error for a configuration with these problems. Its details name the keys. */
export function problemsError ({ code, problems }: Problems): BackupError {
  const keys = [...new Set(problems.map(({ name }) => name))].join(', ')
  return new BackupError(code, describeProblems(problems, code), {
    hint: HINTS[code],
    ...code === 'CONFIG_DIFFERS' && { details: { keys } }
  })
}

export function configError (problems: readonly Problem[], cause?: unknown): BackupError {
  return new BackupError('CONFIG_INVALID', describeProblems(problems), { cause, hint: HINTS.CONFIG_INVALID })
}
