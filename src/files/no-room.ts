import { statfsSync } from 'node:fs'
import { systemCode } from '../core/errors.ts'

/** What a place lacks for a file to be written: `room`; `files`: bytes are free, and no further file can be made; `quota`: of the user; `size`: no file may be that large. */
export type Lack = 'room' | 'files' | 'quota' | 'size'

/**
 * Why the system refused to write a file in `directory` for want of something; undefined: it refused for another reason. To be
 * asked at once, while the directory answers: `ENOSPC` is also what a file system without free inodes says.
 */
export function lackOf (error: unknown, directory: string): Lack | undefined {
  switch (systemCode(error)) {
    case 'ENOSPC': return hasNoInodes(directory) ? 'files' : 'room'
    case 'EDQUOT': return 'quota'
    case 'EFBIG': return 'size'
    default: return undefined
  }
}

/** File systems that make inodes as they need them tell of none at all. */
function hasNoInodes (directory: string): boolean {
  try {
    const { files, ffree, bavail } = statfsSync(directory)
    return files > 0 && ffree === 0 && bavail > 0
  } catch {
    // It is gone, too: then nothing more is known.
    return false
  }
}
