import { counted } from '../../core/counted.ts'
import type { Check } from '../../core/ports/verification.ts'
import { shortened } from '../../core/shortened.ts'
import type { Entry } from './entry.ts'
import type { DirectoryDetails, Names } from './facts.ts'

const NAMES = { file: 'files', directory: 'directories', symlink: 'symlinks', hardlink: 'hardlinks' } as const

/** Counts what is in a list, to compare it with the facts of the snapshot. */
export class ListCounts {
  readonly #counts = { files: 0, directories: 0, symlinks: 0, hardlinks: 0, bytes: 0 }

  add ({ type, size }: Entry): void {
    this.#counts[NAMES[type]]++
    this.#counts.bytes += size
  }

  /** What differs from the facts; undefined: nothing. */
  difference (facts: Readonly<Pick<DirectoryDetails, keyof ListTotals>>): string | undefined {
    const names = Object.keys(this.#counts) as ReadonlyArray<keyof ListTotals>
    const wrong = names.filter(name => facts[name] !== this.#counts[name])
    return wrong.length === 0
      ? undefined
      : `the list has ${wrong.map(name => `${this.#counts[name]} ${name} instead of ${facts[name]}`).join(', ')}`
  }

  toString (): string {
    const { files, directories, symlinks, hardlinks, bytes } = this.#counts
    return [
      `${counted(files, 'file')} with ${counted(bytes, 'byte')}`,
      counted(directories, 'directory', 'directories'),
      counted(symlinks, 'symbolic link'),
      counted(hardlinks, 'hard link')
    ].join(', ')
  }
}

/** Names of what a backup lacks, or has not as it should be, that are shown. */
const NAMED = 3

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

function noteOf ({ count, paths }: Names, what: string): string | undefined {
  if (count === 0) return undefined
  const named = paths.slice(0, NAMED).map(path => `"${shortened(path, 200)}"`).join(', ')
  return `${what}: ${count} (${named}${count > NAMED ? ` and ${count - NAMED} more` : ''})`
}

interface ListTotals {
  readonly files: number
  readonly directories: number
  readonly symlinks: number
  readonly hardlinks: number
  /** Of the files, holes included. */
  readonly bytes: number
}
