import { sourceKind } from '../../core/ports/source-kind.ts'
import { SET_BY_HAND } from './by-hand.ts'
import { memberNames, SET_FIELDS, validateSet } from './fields.ts'

/** Sources that are backed up together and restore together: a database with the files that its rows name. */
export const set = sourceKind({
  name: 'set',
  label: 'set of sources',
  noun: 'set',
  fields: SET_FIELDS,
  required: ['members'],
  inherited: {},
  setting: null,
  validate: validateSet,
  place: values => memberNames(values).join(', '),
  paths: () => [],
  membersOf: memberNames,
  companions: null,
  assertionProblem: null,
  // Its members are looked at one by one.
  size: async () => await Promise.resolve(0),
  examinations: {},
  unsecurable: {
    empty: ['SOURCE_MISSING'],
    damaged: ['SOURCE_INCOMPLETE', 'SOURCE_MALFORMED', 'SOURCE_UNREADABLE', 'SOURCE_FAILED']
  },
  modes: [
    {
      name: 'live',
      summary: 'databases in one transaction each, directories by a new one in their place',
      needsSource: true
    },
    {
      name: 'replace',
      summary: 'new files and directories, while no process has the old ones open',
      needsSource: false
    }
  ],
  contentType: 'application/octet-stream',
  byHand: SET_BY_HAND,
  salvage: null,
  sample: null,
  methods: ['full', 'incremental'],
  loadTools: async context => (await import('./tools.ts')).setTools(context)
})
