import type { CheckDefinition } from '../../core/ports/verification.ts'

/** The levels of a verification that look into a SQLite database, in the order in which they are tried. */
export const SQLITE_CHECKS: readonly CheckDefinition[] = [
  { name: 'opens_read_only', opensContent: true, remedy: 'Use an older backup, and check the source database.' },
  {
    name: 'integrity_check',
    opensContent: true,
    remedy: 'Use an older backup, and run an integrity check on the source database.'
  },
  {
    name: 'foreign_key_check',
    opensContent: false,
    remedy: 'Use an older backup, and check the references in the source database.'
  },
  { name: 'schema', opensContent: false, remedy: 'Use an older backup, and create a new one.' },
  { name: 'row_counts', opensContent: false, remedy: 'Use an older backup, and create a new one.' }
]
