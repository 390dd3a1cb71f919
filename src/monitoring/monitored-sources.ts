export interface Watchable {
  readonly name: string
  readonly state: string
  readonly policy: { readonly enabled: boolean, readonly coveredBy: string | null }
}

/**
 * The sources that alerts, health and figures are about. `own`, the service's own catalog, is nobody's alarm while
 * there is something else to protect and no backup of it was wanted yet. Nor is a source that only the backups of a set
 * contain: the set is.
 */
export function monitoredSources<T extends Watchable> (sources: readonly T[], own: string): readonly T[] {
  const others = sources.filter(({ name, state, policy: { enabled, coveredBy } }) =>
    (name !== own && coveredBy === null) || state !== 'never' || enabled
  )
  return others.length > 0 ? others : sources
}
