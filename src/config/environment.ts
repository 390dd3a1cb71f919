import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { systemCode } from '../core/errors.ts'
import type { Given } from './given.ts'
import { hasFile } from './option.ts'
import { OPTION_NAMES, OPTIONS, type OptionName } from './options.ts'
import type { Problem } from './problem.ts'
import { readSecret } from './secret-file.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** The environment, laid over what the file `.env` in `cwd` says, if there is one. */
export function withEnvFile (environment: Environment, cwd: string, problems: Problem[]): Environment {
  const path = join(cwd, '.env')
  try {
    const set = Object.keys(environment).filter(variable => variableText(environment, variable) !== undefined)
    return { ...parseEnv(readFileSync(path, 'utf8')), ...Object.fromEntries(set.map(variable => [variable, environment[variable]])) }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return environment
    problems.push({ name: '.env', problem: `"${path}" cannot be read (${systemCode(error) ?? 'unknown'})`, remedy: 'Make it a readable file, or remove it.' })
    return environment
  }
}

/** What the environment says of each option. A variable that is empty counts as not set. */
export function readEnvironment (environment: Environment, cwd: string, problems: Problem[]): Map<OptionName, Given> {
  const given = new Map<OptionName, Given>()
  for (const name of OPTION_NAMES) {
    const { variable, fromText } = OPTIONS[name]
    const read = (variable: string): Given | undefined => {
      const text = variableText(environment, variable)
      return text === undefined ? undefined : { name: variable, value: fromText(text), base: cwd, origin: 'environment' }
    }
    const found = hasFile(OPTIONS[name]) ? readSecret(read(variable), read(`${variable}_FILE`), problems) : read(variable)
    if (found !== undefined) given.set(name, found)
  }
  return given
}

export function variableText (environment: Environment, variable: string): string | undefined {
  const text = environment[variable]?.trim()
  return text === '' ? undefined : text
}
