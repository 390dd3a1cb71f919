import { MAIN, type PartOutline } from '../../core/ports/part.ts'
import type { GlobalsChoice } from './fields.ts'

/** The part with the roles of the server. */
export const GLOBALS = 'globals'

/** The archive of pg_dump in the custom format. */
export const MAIN_PART: PartOutline = {
  name: MAIN,
  format: 'pg-archive',
  extension: '.dump',
  isIndex: false,
  isPacked: false
}
/** The SQL of pg_dumpall. */
export const GLOBALS_PART: PartOutline = {
  name: GLOBALS,
  format: 'sql',
  extension: '.sql',
  isIndex: true,
  isPacked: false
}

/** The parts of a backup, before anything is read. */
export function partsOf (globals: GlobalsChoice | undefined): readonly [PartOutline, ...PartOutline[]] {
  return globals === 'none' ? [MAIN_PART] : [MAIN_PART, GLOBALS_PART]
}
