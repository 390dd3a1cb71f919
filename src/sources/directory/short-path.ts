import { shortened } from '../../core/shortened.ts'
import { shownPath } from './entry-path.ts'

/** Characters of a path in a message. */
const LENGTH = 200

/** The path for a message, which may name several: on one line, and not longer than can be read. */
export function shortPath (path: Buffer): string {
  return shortened(shownPath(path), LENGTH)
}
