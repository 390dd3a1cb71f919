import { counted } from '../../core/counted.ts'
import type { Entry } from './entry.ts'

/** What a list counts. */
export interface ListTotals {
  readonly files: number
  readonly directories: number
  readonly symlinks: number
  readonly hardlinks: number
  /** Of the files, holes included. */
  readonly bytes: number
}

const NAMES = { file: 'files', directory: 'directories', symlink: 'symlinks', hardlink: 'hardlinks' } as const

/** Counts what is in a list, to compare it with the facts of the snapshot. */
export class ListCounts {
  readonly #counts = { files: 0, directories: 0, symlinks: 0, hardlinks: 0, bytes: 0 }

  get totals (): ListTotals {
    return this.#counts
  }

  add ({ type, size }: Pick<Entry, 'type' | 'size'>): void {
    this.#counts[NAMES[type]]++
    this.#counts.bytes += size
  }

  /** What differs from the facts; undefined: nothing. */
  difference (facts: ListTotals): string | undefined {
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
