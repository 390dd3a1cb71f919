import { totalImageOf, type Manifest } from '../../core/backup/manifest.ts'
import { postgresDetails } from './facts.ts'

/** Bytes that an empty cluster and its log take. */
const EMPTY = 384 * 1024 ** 2

/** Bytes that the server of a drill takes for a backup. */
export function clusterSpace ({ facts }: Pick<Manifest, 'facts'>): number {
  return EMPTY + (postgresDetails(facts)?.databaseSize ?? 0)
}

/** The same with the unpacked backup. */
export function rehearsalSpace (chain: readonly Manifest[]): number {
  return chain.reduce((sum, manifest) => sum + totalImageOf(manifest) + clusterSpace(manifest), 0)
}
