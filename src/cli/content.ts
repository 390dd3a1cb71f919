import type { Manifest } from '../core/backup/manifest.ts'
import { counted } from '../core/counted.ts'
import type { LoadedKind } from '../core/ports/source-kind.ts'

interface Described {
  readonly source: Pick<Manifest['source'], 'kind'>
  readonly facts: Pick<Manifest['facts'], 'tables'>
}

/** The content of a backup for people: `3 tables, 19 rows`, `2 files, 14 kB`. undefined: there is no manifest. */
export function contentOf (
  manifest: Described | undefined,
  kinds: ReadonlyMap<string, Pick<LoadedKind, 'describeContent'>>
): string | undefined {
  if (manifest === undefined) return undefined
  const { source, facts } = manifest
  return (kinds.get(source.kind)?.describeContent ?? tablesAndRows)(facts)
}

function tablesAndRows ({ tables }: Described['facts']): string {
  return `${counted(tables.length, 'table')}, ${counted(tables.reduce((sum, { rows }) => sum + (rows ?? 0), 0), 'row')}`
}
