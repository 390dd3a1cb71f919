import { BackupError } from '../core/errors.ts'
import type { ProtectedSource } from '../core/protected-source.ts'
import type { EngineDeps } from './deps.ts'

/** Throws `SOURCE_NOT_FOUND`, whose hint names the configured sources. Without a name: the default source. */
export function requireSource (
  deps: Pick<EngineDeps, 'sources' | 'defaultSource'>,
  name: string | undefined
): ProtectedSource {
  const wanted = name ?? deps.defaultSource
  const found = deps.sources.get(wanted)
  if (found !== undefined) return found
  throw new BackupError('SOURCE_NOT_FOUND', `there is no source "${wanted}"`, {
    hint: `Choose one of ${
      [...deps.sources.keys()].map(key => `"${key}"`).join(', ')
    }, or configure another with DATABASE_PATH or in holdfast.yaml.`
  })
}
