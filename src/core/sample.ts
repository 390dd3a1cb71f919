import type { TableFacts } from './ports/source.ts'

/** A small example of a source, in a new file. */
export interface Sample {
  readonly path: string
  /** In bytes. */
  readonly size: number
  readonly tables: readonly TableFacts[]
}

/**
 * Makes a sample in the new file `path`, always with the same content. The file is there, whole and durable, once this
 * resolves; where it rejects nothing is. `RESTORE_TARGET_EXISTS` where something has that name, or a file of another
 * source is left next to it; `RESTORE_TARGET_INVALID` where the directory is missing or not writable; `DISK_FULL`.
 */
export type MakeSample = (path: string) => Promise<Sample>
