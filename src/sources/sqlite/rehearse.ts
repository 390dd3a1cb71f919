import { fileRehearser, type Rehearser } from '../../core/restore/rehearsal.ts'
import { DEFAULT_LIMITS, type ChildLimits } from '../subprocess.ts'
import { sqliteAssessor } from './assess.ts'
import { sqliteInspector } from './sqlite-source.ts'

/** A SQLite database stands restored once its file is unpacked: what reads it opens it where it is. */
export function sqliteRehearser (limits: ChildLimits = DEFAULT_LIMITS): Rehearser {
  return fileRehearser(sqliteInspector(limits), sqliteAssessor(undefined, limits))
}
