import { BackupError } from '../core/errors.ts'
import type { LoadedKind } from '../core/ports/source-kind.ts'
import type { EngineDeps } from './deps.ts'

/** That of a file without a manifest. */
export function firstKind ({ kinds }: Pick<EngineDeps, 'kinds'>): LoadedKind {
  const [name = ''] = kinds.keys()
  return requireKind({ kinds }, name)
}

/** The kind with this name, as a source or a manifest has it. Throws `METHOD_UNSUPPORTED` where there is none. */
export function requireKind ({ kinds }: Pick<EngineDeps, 'kinds'>, name: string): LoadedKind {
  const kind = kinds.get(name)
  if (kind !== undefined) return kind
  throw new BackupError('METHOD_UNSUPPORTED', `this version does not support sources of the kind "${name}"`, {
    hint: 'Use a version that supports this kind.'
  })
}
