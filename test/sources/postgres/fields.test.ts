import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Field } from '../../../src/core/ports/field.ts'
import { parseUrl } from '../../../src/sources/postgres/connection.ts'
import {
  databaseOf,
  databaseUrl,
  POSTGRES_FIELDS,
  postgresSettings,
  selectionOf,
  validatePostgres,
  type PostgresValues
} from '../../../src/sources/postgres/fields.ts'

const url = parseUrl('postgresql://backup@db/books')

function problemsOf (values: PostgresValues): readonly string[] {
  return validatePostgres(values).map(({ field, problem }) => `${field} ${problem}`)
}

test('the file of the password belongs to the server', () => {
  assert.equal(databaseOf({ url, passwordFile: '/run/secrets/db' })?.server.passwordFile, '/run/secrets/db')
  assert.equal(databaseOf({ url }), url)
  assert.equal(databaseOf({}), undefined)
})

test('a list may be one text, in a variable with commas in between', () => {
  const { schema, fromText } = POSTGRES_FIELDS.schemas
  assert.deepEqual(schema.parse('public'), ['public'])
  assert.deepEqual(schema.parse(['a', 'b']), ['a', 'b'])
  assert.deepEqual(fromText('a, b,'), ['a', 'b'])
  assert.ok(!schema.safeParse([]).success)
})

test('what is configured to be left out has empty lists where nothing was said', () => {
  assert.deepEqual(selectionOf({ excludeTables: ['a.b'] }), {
    schemas: [],
    excludeSchemas: [],
    excludeTables: ['a.b'],
    excludeTableData: []
  })
})

test('a password in two places is refused', () => {
  const values = { url: parseUrl('postgresql://backup:x@db/books'), passwordFile: '/run/secrets/db' }
  assert.deepEqual(problemsOf(values), ['passwordFile is given, and "url" has a password'])
  assert.deepEqual(problemsOf({ url, passwordFile: '/run/secrets/db' }), [])
})

test('TLS that verifies needs certificates, by a complete path; a socket of this machine has no TLS', () => {
  const problems = (query: string): readonly string[] =>
    problemsOf({ url: parseUrl(`postgresql://backup@db/books?${query}`) })
  assert.deepEqual(problems('sslmode=verify-full'), ['url has sslmode=verify-full without sslrootcert'])
  assert.deepEqual(problems('sslmode=verify-ca'), ['url has sslmode=verify-ca without sslrootcert'])
  assert.deepEqual(problems('sslmode=verify-full&sslrootcert=/etc/ca.pem'), [])
  assert.deepEqual(problems('sslmode=require'), [])
  assert.deepEqual(problems('sslmode=verify-full&host=/run/postgresql'), [])
  assert.deepEqual(problems('sslrootcert=ca.pem'), ['url has an sslrootcert that is not an absolute path'])
})

test('names that are none are refused, each with its field', () => {
  assert.deepEqual(
    problemsOf({ url, schemas: ['a.b'], excludeSchemas: ['"a'], excludeTables: ['a'], excludeTableData: ['a.b.c'] }),
    [
      'schemas has "a.b", which is no name',
      'excludeSchemas has ""a", which is no name',
      'excludeTables has "a", which is no name',
      'excludeTableData has "a.b.c", which is no name'
    ]
  )
  assert.deepEqual(problemsOf({ url, schemas: ['"a.b"'], excludeTables: ['"Odd".*', 'audit.raw_?'] }), [])
})

test('the URL is a secret, of which all but the password may be recorded and shown', () => {
  const { kind, schema, withoutSecret, refusal }: Field<unknown> = POSTGRES_FIELDS.url
  const given = 'postgresql://backup:geheim@db/books?sslmode=require'
  assert.equal(kind, 'secret')
  assert.equal(withoutSecret?.(given), 'postgresql://backup@db:5432/books?sslmode=require')
  assert.equal(withoutSecret(schema.parse(given)), 'postgresql://backup@db:5432/books?sslmode=require')
  assert.equal(withoutSecret('postgresql://geheim'), undefined)
  assert.equal(refusal?.('postgresql://u:geheim@a,b/d'), 'names several hosts; name one')
  assert.equal(refusal(7), 'is not the URL of a PostgreSQL database such as postgresql://user@host:5432/database')
})

test('DATABASE_URL of another kind of database is none, and one of PostgreSQL must be right', () => {
  assert.equal(databaseUrl.schema.parse('mysql://u@h/d'), undefined)
  assert.equal(databaseUrl.schema.parse('sqlite:///srv/app.db'), undefined)
  assert.equal(databaseUrl.schema.parse('postgres://u@h/d')?.name, 'd')
  assert.ok(!databaseUrl.schema.safeParse('postgres://u@h').success)
})

test('the settings of the service have defaults where none is given', () => {
  assert.deepEqual(postgresSettings({}), { directories: [], runAs: null })
  assert.deepEqual(postgresSettings({ settings: { postgresBin: ['/opt/pg'], postgresRunAs: 'pg' } }), {
    directories: ['/opt/pg'],
    runAs: 'pg'
  })
})
