import { BackupError } from '../errors.ts'
import type { RestoreModeSummary, SourceKind } from '../ports/source-kind.ts'
import type { RestoreMode } from './restore.ts'

/**
 * The modes that a restore of a backup of this kind may use, the preferred one first: all modes, or only `wanted`.
 * Throws `VALIDATION_FAILED` for a mode that the kind does not have.
 */
export function modesOf (
  { name, modes }: Pick<SourceKind, 'name' | 'modes'>,
  wanted: RestoreMode | undefined
): readonly RestoreModeSummary[] {
  if (wanted === undefined) return modes
  const found = modes.filter(mode => mode.name === wanted)
  if (found.length > 0) return found
  throw new BackupError(
    'VALIDATION_FAILED',
    `"mode" is "${wanted}", which sources of the kind "${name}" do not support`,
    {
      hint: `Omit "mode", or use one of these: ${modes.map(mode => `${mode.name} (${mode.summary})`).join(', ')}.`
    }
  )
}
