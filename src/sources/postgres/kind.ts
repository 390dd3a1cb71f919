import { sourceKind } from '../../core/ports/source-kind.ts'
import { assertionProblem } from './assertion-sql.ts'
import { POSTGRES_BY_HAND } from './by-hand.ts'
import { locationOf } from './connection.ts'
import { databaseOf, POSTGRES_FIELDS, validatePostgres } from './fields.ts'

/** Databases of PostgreSQL servers, which the programs of PostgreSQL read and restore. */
export const postgres = sourceKind({
  name: 'postgres',
  label: 'PostgreSQL database',
  noun: 'database',
  fields: POSTGRES_FIELDS,
  required: ['url'],
  inherited: { programs: 'postgresBin' },
  setting: { key: 'databaseUrl', field: 'url', nameOf: ({ url }) => url?.name ?? '' },
  validate: validatePostgres,
  place (values) {
    const database = databaseOf(values)
    return database === undefined ? '' : locationOf(database)
  },
  paths: () => [],
  companions: null,
  assertionProblem,
  size: async values => await (await import('./examine.ts')).databaseSize(values),
  examinations: {
    rights: async values => await (await import('./examine.ts')).examineRights(values),
    PostgreSQL: async values => await (await import('./examine.ts')).examineServer(values),
    'PostgreSQL programs': async values => await (await import('./examine.ts')).examinePrograms(values),
    connection: async values => await (await import('./examine.ts')).examineConnection(values)
  },
  unsecurable: { empty: ['SOURCE_MISSING'], damaged: ['SOURCE_FAILED'] },
  modes: [{
    name: 'replace',
    summary: 'a new database in its place; the old one is kept under another name',
    needsSource: false
  }],
  contentType: 'application/octet-stream',
  extension: '.dump',
  byHand: POSTGRES_BY_HAND,
  salvage: null,
  sample: null,
  methods: ['full'],
  loadTools: async context => (await import('./tools.ts')).postgresTools(context)
})
