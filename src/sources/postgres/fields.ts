import { isAbsolute } from 'node:path'
import { z } from 'zod'
import {
  choice,
  path,
  paths,
  sqlNames,
  type Field,
  type FieldProblem,
  type FieldValues
} from '../../core/ports/field.ts'
import type { KindContext } from '../../core/ports/source-kind.ts'
import { isPostgresUrl, parseUrl, UrlProblem, urlOf, type Database } from './connection.ts'
import { schemaPattern, tablePattern } from './patterns.ts'

/** Whether the roles of the server are in a backup, and their password verifiers. */
export const GLOBALS_CHOICES = ['with-passwords', 'without-passwords', 'none'] as const
export type GlobalsChoice = typeof GLOBALS_CHOICES[number]

const EXPECTED = 'the URL of a PostgreSQL database such as postgresql://user@host:5432/database'

/** The URL of a database, with or without its password. */
const url: Field<Database> = {
  kind: 'secret',
  schema: z.unknown().transform((value, context) => {
    const parsed = parsedUrl(value)
    if ('database' in parsed) return parsed.database
    context.addIssue(parsed.problem)
    return z.NEVER
  }),
  fromText: text => text,
  expects: EXPECTED,
  refusal (value) {
    const parsed = parsedUrl(value)
    return 'problem' in parsed ? parsed.problem : `is not ${EXPECTED}`
  },
  withoutSecret (value) {
    const parsed = isDatabase(value) ? { database: value } : parsedUrl(value)
    return 'database' in parsed ? urlOf(parsed.database) : undefined
  }
}

/**
 * `DATABASE_URL`, which programs that use other databases have, too: undefined for one of these. A URL of PostgreSQL
 * must be right.
 */
export const databaseUrl: Field<Database | undefined> = {
  ...url,
  schema: z.unknown().transform((value, context) => {
    if (value === undefined || (typeof value === 'string' && !isPostgresUrl(value))) return undefined
    const parsed = parsedUrl(value)
    if ('database' in parsed) return parsed.database
    context.addIssue(parsed.problem)
    return z.NEVER
  })
}

function parsedUrl (value: unknown): { readonly database: Database } | { readonly problem: string } {
  if (typeof value !== 'string') return { problem: `is not ${EXPECTED}` }
  try {
    return { database: parseUrl(value) }
  } catch (error) {
    if (error instanceof UrlProblem) return { problem: error.message }
    throw error
  }
}

function isDatabase (value: unknown): value is Database {
  return typeof value === 'object' && value !== null && 'server' in value
}

/** The fields that a source of the kind has in holdfast.yaml. */
export const POSTGRES_FIELDS = {
  url,
  /** Its only line is the password. */
  passwordFile: path,
  /** Directories of the programs of PostgreSQL. */
  programs: paths,
  schemas: sqlNames('a list of schemas such as public or tenant_*'),
  excludeSchemas: sqlNames('a list of schemas such as archive or tmp_*'),
  excludeTables: sqlNames('a list of tables with their schemas, such as public.sessions or audit.raw*'),
  excludeTableData: sqlNames('a list of tables with their schemas, such as public.sessions or audit.raw*'),
  globals: choice(GLOBALS_CHOICES)
} as const

export type PostgresValues = FieldValues<typeof POSTGRES_FIELDS>

/** The database of a source, with the file of its password. */
export function databaseOf ({ url: database, passwordFile }: PostgresValues): Database | undefined {
  return database === undefined || passwordFile === undefined
    ? database
    : { ...database, server: { ...database.server, passwordFile } }
}

/** What a backup leaves out by choice, as it was configured. */
export interface Selection {
  /** Empty: all schemas. */
  readonly schemas: readonly string[]
  readonly excludeSchemas: readonly string[]
  readonly excludeTables: readonly string[]
  readonly excludeTableData: readonly string[]
}

export function selectionOf ({ schemas = [], excludeSchemas = [], excludeTables = [], excludeTableData = [] }:
  PostgresValues): Selection {
  return { schemas, excludeSchemas, excludeTables, excludeTableData }
}

type PostgresProblem = FieldProblem<keyof typeof POSTGRES_FIELDS>

/** What is wrong with the values together, and patterns that are none. */
export function validatePostgres (values: PostgresValues): readonly PostgresProblem[] {
  return [...connectionProblems(values), ...patternProblems(values)]
}

function connectionProblems ({ url: database, passwordFile }: PostgresValues): readonly PostgresProblem[] {
  if (database === undefined) return []
  const { host, password, sslMode, sslRootCert } = database.server
  const problems: PostgresProblem[] = []
  if (password !== null && passwordFile !== undefined) {
    problems.push({
      field: 'passwordFile',
      problem: 'is given, and "url" has a password',
      remedy: 'Keep one of the two.'
    })
  }
  if (sslRootCert !== null && !isAbsolute(sslRootCert)) {
    problems.push({
      field: 'url',
      problem: 'has an sslrootcert that is not an absolute path',
      remedy: 'Write the complete path of the file with the certificates.'
    })
  }
  if (sslMode.startsWith('verify') && sslRootCert === null && !isAbsolute(host)) {
    problems.push({
      field: 'url',
      problem: `has sslmode=${sslMode} without sslrootcert`,
      remedy:
        'Add sslrootcert=PATH with the certificates of the authority; those of the system are in /etc/ssl/certs/ca-certificates.crt on Debian.'
    })
  }
  return problems
}

function patternProblems ({ schemas, excludeSchemas, excludeTables, excludeTableData }:
  PostgresValues): readonly PostgresProblem[] {
  const wrong = (
    field: keyof typeof POSTGRES_FIELDS,
    given: readonly string[] | undefined,
    isPattern: (text: string) => boolean,
    remedy: string
  ): PostgresProblem[] =>
    given?.filter(text => !isPattern(text)).map(text => ({
      field,
      problem: `has "${text}", which is no name`,
      remedy
    })) ??
      []
  const ofSchema = 'Write one name of a schema, in double quotes where it is not in lower case; * and ? are wildcards.'
  const ofTable = 'Write schema.table, each in double quotes where it is not in lower case; * and ? are wildcards.'
  const isSchema = (text: string): boolean => schemaPattern(text) !== undefined
  const isTable = (text: string): boolean => tablePattern(text) !== undefined
  return [
    ...wrong('schemas', schemas, isSchema, ofSchema),
    ...wrong('excludeSchemas', excludeSchemas, isSchema, ofSchema),
    ...wrong('excludeTables', excludeTables, isTable, ofTable),
    ...wrong('excludeTableData', excludeTableData, isTable, ofTable)
  ]
}

/** The settings of the service that the kind uses. */
export interface PostgresSettings {
  /** Directories of programs; empty: those where packages install them. */
  readonly directories: readonly string[]
  /** The user of a temporary server where the service is root; null: chosen from those that exist. */
  readonly runAs: string | null
}

const settingsSchema = z.object({
  postgresBin: z.array(z.string()).default([]),
  postgresRunAs: z.string().optional()
})

export function postgresSettings ({ settings = {} }: Pick<KindContext, 'settings'>): PostgresSettings {
  const { postgresBin, postgresRunAs = null } = settingsSchema.parse(settings)
  return { directories: postgresBin, runAs: postgresRunAs }
}
