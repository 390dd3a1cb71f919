import type { Check } from '../../core/ports/verification.ts'
import type { DirectoryDetails } from './facts.ts'
import type { ListCounts } from './list-counts.ts'
import { named, type Names } from './tally.ts'

/**
 * The finding for counts that are those of the facts. It carries as `violations` what a person should know of: files
 * that could not be read or kept changing, and databases that were copied file by file.
 */
export function countsPassed (
  counts: ListCounts,
  { unreadable, changed, databases, leftOut }: Pick<
    DirectoryDetails,
    'unreadable' | 'changed' | 'databases' | 'leftOut'
  >
): Omit<Check, 'name'> {
  const notes = [
    noteOf(unreadable, 'could not be read and missing from the backup'),
    noteOf(changed, 'changed each time while they were read'),
    noteOf(databases, 'databases copied file by file, each of which should be a source of its own'),
    noteOf(leftOut, 'left out, because they are sockets, devices, FIFOs or on other file systems')
  ]
  const violations = unreadable.count + changed.count + databases.count
  return {
    status: 'pass',
    reason: [...notes.filter(note => note !== undefined), String(counts)].join('; '),
    ...violations > 0 && { violations }
  }
}

function noteOf (names: Names, what: string): string | undefined {
  return names.count === 0 ? undefined : `${what}: ${names.count} (${named(names)})`
}
