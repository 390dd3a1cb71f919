import { sourceKind } from '../../core/ports/source-kind.ts'
import { counted } from '../../core/counted.ts'
import { inSize } from '../../core/size.ts'
import { DIRECTORY_BY_HAND } from './by-hand.ts'
import { DIRECTORY_FIELDS, validateDirectory } from './fields.ts'

/** Directories with all that is in them, and single files, which applications go on using while they are backed up. */
export const directory = sourceKind({
  name: 'directory',
  label: 'directory',
  noun: 'directory',
  fields: DIRECTORY_FIELDS,
  required: ['path'],
  inherited: {},
  setting: null,
  validate: validateDirectory,
  place: ({ path = '' }) => path,
  paths: ({ path }) => path === undefined ? [] : [{ field: 'path', path }],
  companions: null,
  assertionProblem: null,
  size: async values => await (await import('./examine.ts')).directorySize(values),
  examinations: {
    rights: async ({ path = '' }) => [await (await import('./examine.ts')).examineRights(path)],
    'GNU tar': async () => [await (await import('./examine.ts')).examineTar()],
    databases: async values => [await (await import('./examine-databases.ts')).examineDatabases(values)]
  },
  unsecurable: {
    empty: ['SOURCE_MISSING'],
    damaged: ['SOURCE_UNREADABLE', 'SOURCE_FAILED']
  },
  modes: [{
    name: 'replace',
    summary: 'a new directory in its place, while no process has a file in the old one open',
    needsSource: false
  }],
  describeContent: ({ tables }) => {
    const count = (name: string): number => tables.find(table => table.name === name)?.rows ?? 0
    return `${counted(count('files'), 'file')} in ${counted(count('directories'), 'directory', 'directories')}, ${
      inSize(count('bytes'))
    }`
  },
  contentType: 'application/x-tar',
  extension: '.tar',
  byHand: DIRECTORY_BY_HAND,
  salvage: null,
  sample: null,
  methods: ['full', 'incremental'],
  loadTools: async context => (await import('./tools.ts')).directoryTools(context)
})
