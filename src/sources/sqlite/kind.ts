import { basename, extname } from 'node:path'
import { sourceKind } from '../../core/ports/source-kind.ts'
import { assertionProblem } from './assertion-sql.ts'
import { BY_HAND } from './by-hand.ts'
import { SQLITE_FIELDS } from './fields.ts'

/** SQLite databases: a file, which applications have open while it is backed up. */
export const sqlite = sourceKind({
  name: 'sqlite',
  label: 'SQLite database',
  noun: 'database',
  fields: SQLITE_FIELDS,
  required: ['path'],
  inherited: { busyTimeoutMs: 'sourceBusyTimeoutMs' },
  setting: { key: 'databasePath', field: 'path', nameOf: ({ path = '' }) => basename(path, extname(path)) },
  validate: () => [],
  place: ({ path = '' }) => path,
  paths: ({ path }) => path === undefined ? [] : [{ field: 'path', path }],
  companions: { software: 'SQLite', suffixes: ['-wal', '-shm', '-journal'], inUse: ['-wal'] },
  assertionProblem,
  size: async ({ path = '' }) => await (await import('./examine.ts')).imageSize(path),
  examinations: {
    rights: async ({ path = '' }) => [await (await import('./examine.ts')).examineRights(path)],
    name: async ({ path = '' }) => await (await import('./examine.ts')).examineName(path),
    database: async ({ path = '' }) => [await (await import('./examine.ts')).examineDatabase(path)]
  },
  unsecurable: {
    empty: ['SOURCE_MISSING', 'SOURCE_EMPTY'],
    damaged: ['SOURCE_MALFORMED', 'SOURCE_NOT_A_DATABASE', 'SOURCE_ENCRYPTED', 'SOURCE_UNREADABLE', 'SOURCE_FAILED']
  },
  modes: [
    { name: 'live', summary: 'write into the running database while applications use it', needsSource: true },
    { name: 'replace', summary: 'replace the file while no process has it open', needsSource: false }
  ],
  contentType: 'application/vnd.sqlite3',
  byHand: BY_HAND,
  salvage: async (...args) => await (await import('./salvage-database.ts')).salvageDatabase(...args),
  sample: async path => await (await import('./sample.ts')).makeSample(path),
  methods: ['full'],
  loadTools: async context => (await import('./tools.ts')).sqliteTools(context)
})
