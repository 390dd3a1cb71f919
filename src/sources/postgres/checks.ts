import type { CheckDefinition } from '../../core/ports/verification.ts'

const OLDER = 'Use an older backup, and create a new one.'

/**
 * The levels of a verification that look into a dump, in the order in which they are tried. Those between `archive` and
 * `row_counts` and those after it need a server: only a drill tries them.
 */
export const POSTGRES_CHECKS: readonly CheckDefinition[] = [
  { name: 'archive', opensContent: true, remedy: OLDER },
  {
    name: 'restore',
    opensContent: true,
    remedy: 'Use an older backup, and look for the object that the reason names.'
  },
  { name: 'row_counts', opensContent: false, remedy: OLDER },
  { name: 'schema', opensContent: false, remedy: OLDER },
  { name: 'sequences', opensContent: false, remedy: OLDER },
  {
    name: 'amcheck',
    opensContent: false,
    remedy: 'Check the disk and the memory of this machine, repeat the drill, and run pg_amcheck on the source.'
  }
]
