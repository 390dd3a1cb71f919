import type { Difference, Rescue } from '../../../src/core/restore/rows.ts'

/** A row that was removed from a table, and two that were added. */
export function aDifference (): Difference {
  return {
    tables: [{
      table: 'line',
      presence: 'both',
      identity: 'key',
      key: ['id'],
      added: 2,
      removed: 1,
      changed: 0,
      same: 9,
      columnsAdded: [],
      columnsRemoved: [],
      rows: [{
        change: 'removed',
        before: { id: 4, text: 'nails', image: { blob: '00ff' } },
        after: null,
        columns: []
      }],
      hasMore: false
    }],
    skipped: [{ table: 'words', reason: 'it is a virtual table, which is derived from other tables' }]
  }
}

/** A row that comes back, with its parent. */
export function aRescue (): Rescue {
  const one = { inserted: 1, overwritten: 0, same: 0, skipped: 0, triggers: [] }
  return {
    tables: [{ table: 'invoice', chosen: 0, parents: 1, children: 0, ...one }, {
      table: 'line',
      chosen: 1,
      parents: 0,
      children: 0,
      ...one
    }],
    conflicts: [],
    refused: false,
    orphans: 0
  }
}
