import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { systemCode } from '../core/errors.ts'
import { storeKindOf } from '../stores/index.ts'
import type { Config } from './config.ts'
import { MANIFEST_KEY_FILE, SECRET_FILE } from './data-files.ts'
import { parseDotEnv } from './dot-env.ts'
import { variableText, withEnvFile, type Environment } from './read-environment.ts'
import { OPTION_NAMES, OPTIONS } from './options.ts'
import { storeSecrets } from './store-secrets.ts'
import { yaml } from './yaml.ts'

/** A file, and the secrets that are in it by the names of their variables. */
export interface FileWithSecrets {
  readonly path: string
  readonly holds: readonly string[]
}

const SECRETS = OPTION_NAMES.filter(name => OPTIONS[name].kind === 'secret').map(key => ({
  key,
  variable: OPTIONS[key].variable
}))

/**
 * The files that hold secrets of the service, whether or not the environment overrules what they say. For a
 * configuration that was found valid; `file` is the holdfast.yaml that was read. Reads files; changes nothing.
 */
export function filesWithSecrets (
  environment: Environment,
  cwd: string,
  { dataDir, tokenKey, stores, storeDefaults }: Pick<
    Config,
    'dataDir' | 'tokenKey' | 'stores' | 'storeDefaults'
  >,
  file: string | undefined
): readonly FileWithSecrets[] {
  const whole = withEnvFile(environment, cwd, [])
  const content = file === undefined ? {} : (yaml().parse(readFileSync(file, 'utf8')) ?? {}) as Record<string, unknown>
  const base = file === undefined ? cwd : dirname(file)
  const ofStores = storeSecrets(content, base)
  const dotEnv = variablesOf(join(cwd, '.env'))
  return [
    ...holding(join(cwd, '.env'), SECRETS.filter(({ variable }) => (dotEnv[variable] ?? '') !== '')),
    ...file === undefined
      ? []
      : holding(file, [
        ...SECRETS.filter(({ key }) => isText(content[key])),
        ...ofStores.flatMap(({ path, name }) => path === undefined ? [{ variable: name }] : [])
      ]),
    ...SECRETS.flatMap(secret => {
      const named = [variableText(whole, `${secret.variable}_FILE`), content[`${secret.key}File`]]
      return [
        ...isText(named[0]) ? holding(resolve(cwd, named[0]), [secret]) : [],
        ...isText(named[1]) ? holding(resolve(base, named[1]), [secret]) : []
      ]
    }),
    ...ofStores.flatMap(({ path, name }) => path === undefined ? [] : [{ path, holds: [name] }]),
    ...credentialFiles(stores, storeDefaults),
    ...tokenKey === undefined
      ? [{ path: join(dataDir, SECRET_FILE), holds: ['the generated secret'] }]
      : [],
    { path: join(dataDir, MANIFEST_KEY_FILE), holds: ['the signing key for manifests'] }
  ]
}

/** What a variable names for all stores of a kind, and one of them uses. */
function credentialFiles (stores: Config['stores'], defaults: Config['storeDefaults']): FileWithSecrets[] {
  const files = stores.flatMap(({ kind, values }) => {
    const known = storeKindOf({ kind })
    const files = known.secretFiles?.(values, defaults[kind]?.values ?? {}) ?? []
    return files.map(({ option, path }) => [path, known.options[option]?.variable ?? option] as const)
  })
  return [...new Map(files)].map(([path, variable]) => ({ path, holds: [variable] }))
}

function holding (path: string, secrets: ReadonlyArray<{ readonly variable: string }>): FileWithSecrets[] {
  return secrets.length === 0 ? [] : [{ path, holds: secrets.map(({ variable }) => variable) }]
}

function isText (value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function variablesOf (path: string): Readonly<Record<string, string | undefined>> {
  try {
    return parseDotEnv(readFileSync(path)).variables
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return {}
    throw error
  }
}
