export interface Watchable {
  readonly name: string
  readonly state: string
  readonly policy: { readonly enabled: boolean }
}

/**
 * The sources that alerts, health and figures are about. `own`, the service's own catalog, is nobody's alarm while
 * there is something else to protect and no backup of it was wanted yet.
 */
export function monitoredSources<T extends Watchable> (sources: readonly T[], own: string): readonly T[] {
  const others = sources.filter(source => source.name !== own || source.state !== 'never' || source.policy.enabled)
  return others.length > 0 ? others : sources
}
