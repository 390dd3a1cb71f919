import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { STORE_KINDS } from '../stores/index.ts'
import { variableText, type Environment } from './read-environment.ts'
import { CONFIG_FILE } from './options.ts'
import { optionsOf } from './store-options.ts'
import { storeSecrets } from './store-secrets.ts'
import { yaml } from './yaml.ts'

/** Variables that name a file with credentials, and do not end with `_FILE`. */
const CREDENTIALS: readonly string[] = STORE_KINDS.flatMap(optionsOf).flatMap(({ option: { kind, variable } }) =>
  kind === 'path' ? [variable] : []
)

/**
 * The files that the service is configured by, also those that are not there yet and would be read at the next start:
 * `.env`, holdfast.yaml, and each file that a variable or a key names for a secret or a document. `environment` is
 * that which was laid over `.env`; `file` is the holdfast.yaml that was read.
 */
export function ownFiles (environment: Environment, cwd: string, file: string | undefined): readonly string[] {
  const named = Object.keys(environment).filter(variable =>
    variable.endsWith('_FILE') || CREDENTIALS.includes(variable)
  ).flatMap(variable => variableText(environment, variable) ?? [])
  return [
    ...new Set([
      join(cwd, '.env'),
      join(cwd, CONFIG_FILE),
      ...named.map(path => resolve(cwd, path)),
      ...file === undefined ? [] : [file, ...namedIn(file)]
    ])
  ]
}

/** What holdfast.yaml names: its keys `…File`, and the secrets of its stores. */
function namedIn (file: string): string[] {
  const base = dirname(file)
  const content = (yaml().parse(readFileSync(file, 'utf8')) ?? {}) as Readonly<Record<string, unknown>>
  const options = Object.entries(content).flatMap(([key, value]) =>
    /(?:File|_file)$/.test(key) && typeof value === 'string' ? [resolve(base, value)] : []
  )
  return [...options, ...storeSecrets(content, base).flatMap(({ path }) => path ?? [])]
}
