import { BackupError } from '../core/errors.ts'
import type { KindContext, SourceKind } from '../core/ports/source-kind.ts'
import type { Salvage } from '../core/restore/salvage.ts'
import type { MakeSample } from '../core/sample.ts'
import { directory } from './directory/kind.ts'
import { postgres } from './postgres/kind.ts'
export { databaseUrl } from './postgres/fields.ts'
import { set } from './set/kind.ts'
import { sqlite } from './sqlite/kind.ts'

/** Every kind of source. The first is that of a source without a `kind`, and of a file without a manifest. */
export const SOURCE_KINDS: readonly [SourceKind, ...SourceKind[]] = [sqlite, directory, set, postgres]

/** The service's own catalog as a source: its kind, and what its fields hold. `path` is absolute. */
export function catalogSource (path: string): { readonly kind: SourceKind, readonly values: object } {
  return { kind: sqlite, values: { path } }
}

/**
 * The first that is wrong with the service's own catalog, which others may be using; undefined: nothing. Rejects where
 * it cannot be read, and with `PROCESS_TIMED_OUT` or `PROCESS_OUT_OF_MEMORY` where that takes too much.
 */
export async function checkCatalogFile (
  path: string,
  signal: AbortSignal,
  limits: KindContext['limits']
): Promise<string | undefined> {
  return await (await import('./sqlite/quick-check.ts')).quickCheck(path, signal, limits)
}

/** Salvages by the first kind that can. `METHOD_UNSUPPORTED`: none can; otherwise rejects as that kind does. */
export const salvageFile: Salvage = async (path, output, progress) => {
  for (const { salvage } of SOURCE_KINDS) if (salvage !== null) return await salvage(path, output, progress)
  throw new BackupError('METHOD_UNSUPPORTED', 'this version cannot salvage any kind of source', {
    hint: 'Restore the newest good backup.'
  })
}

/** Makes a sample of the first kind that has one. `METHOD_UNSUPPORTED`: none has; else rejects as that kind does. */
export const makeSample: MakeSample = async path => {
  for (const { sample } of SOURCE_KINDS) if (sample !== null) return await sample(path)
  throw new BackupError('METHOD_UNSUPPORTED', 'this version has no sample for any kind of source', {
    hint: 'Configure your own source.'
  })
}

/** The kind of a source that was configured. Throws `INTERNAL` for a name that no kind has. */
export function sourceKindOf ({ kind }: { readonly kind: string }): SourceKind {
  const found = SOURCE_KINDS.find(({ name }) => name === kind)
  if (found === undefined) throw new BackupError('INTERNAL', `there is no kind of source "${kind}"`)
  return found
}
