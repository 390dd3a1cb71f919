import { join } from 'node:path'
import { systemCode } from '../core/errors.ts'
import { hasFile } from '../core/ports/field.ts'
import { parseDotEnv, type DotEnv } from './dot-env.ts'
import { ALIASES, OPTION_NAMES, OPTIONS, type OptionName } from './options.ts'
import type { Problem } from './problem.ts'
import type { RawValue } from './raw-value.ts'
import { readSecret } from './secret-file.ts'
import { readTrusted, UntrustedFile, type Reader } from './trusted-file.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The environment, laid over what the file `.env` in `cwd` says, if there is one and nobody else can have written it.
 * Lines of that file that set nothing go to `notices`.
 */
export function withEnvFile (
  environment: Environment,
  cwd: string,
  problems: Problem[],
  notices: Problem[] = [],
  reader: Reader = 'command'
): Environment {
  const path = join(cwd, '.env')
  const { variables, ignored } = readIfThere(path, problems, reader)
  notices.push(
    ...ignored.map(line => ({
      name: '.env',
      problem: `line ${line} of "${path}" sets nothing`,
      remedy: 'Write one NAME=value per line, and "#" before comments.'
    }))
  )
  const set = Object.keys(environment).filter(variable => variableText(environment, variable) !== undefined)
  return { ...variables, ...Object.fromEntries(set.map(variable => [variable, environment[variable]])) }
}

const NO_DOT_ENV: DotEnv = { variables: {}, ignored: [] }

function readIfThere (path: string, problems: Problem[], reader: Reader): DotEnv {
  try {
    return parseDotEnv(readTrusted(path, 'set its variables in the environment', reader))
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT') return NO_DOT_ENV
    if (error instanceof UntrustedFile) problems.push({ name: '.env', problem: error.problem, remedy: error.remedy })
    else if (error instanceof TypeError) {
      problems.push({ name: '.env', problem: `"${path}" is not UTF-8 text`, remedy: 'Save it as UTF-8.' })
    } else {
      problems.push({
        name: '.env',
        problem: `"${path}" cannot be read (${code ?? 'unknown'})`,
        remedy: 'Make it a readable file, or remove it.'
      })
    }
    return NO_DOT_ENV
  }
}

/** What the environment says of each option. A variable that is empty counts as not set. */
export function readEnvironment (
  environment: Environment,
  cwd: string,
  problems: Problem[]
): Map<OptionName, RawValue> {
  const given = new Map<OptionName, RawValue>()
  for (const name of OPTION_NAMES) {
    const { variable, fromText } = OPTIONS[name]
    const alias = Object.keys(ALIASES).find(other => ALIASES[other] === name)
    const read = (variable: string): RawValue | undefined => {
      const text = variableText(environment, variable)
      return text === undefined
        ? undefined
        : { name: variable, value: fromText(text), base: cwd, origin: 'environment' }
    }
    const found = hasFile(OPTIONS[name])
      ? readSecret(read(variable), read(`${variable}_FILE`), problems)
      : oneOf(read(variable), alias === undefined ? undefined : read(alias), problems)
    if (found !== undefined) given.set(name, found)
  }
  return given
}

/** What a variable or another name of it says; both may say the same. */
function oneOf (named: RawValue | undefined, other: RawValue | undefined, problems: Problem[]): RawValue | undefined {
  if (named !== undefined && other !== undefined && named.value !== other.value) {
    problems.push({
      name: other.name,
      problem: `differs from ${named.name}`,
      remedy: 'Keep one of the two.'
    })
  }
  return named ?? other
}

export function variableText (environment: Environment, variable: string): string | undefined {
  const text = environment[variable]?.trim()
  return text === '' ? undefined : text
}
