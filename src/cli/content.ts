import type { Manifest } from '../core/backup/manifest.ts'

/** How many tables a backup has, and rows in all of them. */
export interface Content {
  readonly tables: number
  readonly rows: number
}

/** undefined: there is no manifest. */
export function contentOf (manifest: Manifest | undefined): Content | undefined {
  if (manifest === undefined) return undefined
  const { tables } = manifest.facts
  return { tables: tables.length, rows: tables.reduce((sum, { rows }) => sum + (rows ?? 0), 0) }
}
