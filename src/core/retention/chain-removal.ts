import type { BackupOutline } from '../backup/backup.ts'
import { Chains, isFull } from './chains.ts'
import type { Retained } from './retention.ts'

/** How many chains there are among the decisions, and how many of them are lost as a whole. A full backup is one. */
export function countChains (
  decisions: readonly Retained[],
  isLost: (decision: Retained) => boolean
): { readonly going: number, readonly of: number } {
  const chains = new Chains(decisions.map(({ backup }) => backup))
  const heads = new Set(decisions.map(({ backup }) => chains.headOf(backup)))
  const staying = new Set(decisions.filter(one => !isLost(one)).map(({ backup }) => chains.headOf(backup)))
  return { going: heads.size - staying.size, of: heads.size }
}

/**
 * The same decisions, but that nothing goes on which a backup is built that stays somewhere, and that stays nowhere.
 * `decisions`: those of all stores, one after the other; `live`: all live backups of the source.
 */
export function keepBuiltOn<T extends Retained> (
  decisions: readonly T[],
  live: readonly BackupOutline[]
): readonly T[] {
  if (live.every(isFull)) return decisions
  const chains = new Chains(live)
  const decided = new Set(decisions.map(({ backup }) => backup.id))
  const kept = new Set([
    ...decisions.filter(({ keep }) => keep).map(({ backup }) => backup.id),
    ...live.filter(({ id }) => !decided.has(id)).map(({ id }) => id)
  ])
  const builtOn = new Map<number, BackupOutline>()
  for (const child of live.filter(({ id }) => kept.has(id))) {
    for (const link of chains.of(child).links) {
      if (link !== child && !builtOn.has(link.id)) builtOn.set(link.id, child)
    }
  }
  return decisions.map(decision => {
    const child = kept.has(decision.backup.id) ? undefined : builtOn.get(decision.backup.id)
    return child === undefined
      ? decision
      : { ...decision, keep: true, reasons: [`backup ${child.id} depends on it`], removal: null, isBeyond: false }
  })
}

/**
 * The order in which they are removed: oldest chain first, and in each what is built on the others before them, so that
 * an end halfway leaves no increment without what it is built on.
 */
export function inOrderOfRemoval<T extends Pick<Retained, 'backup'>> (going: readonly T[]): readonly T[] {
  const chains = new Chains(going.map(({ backup }) => backup))
  const groups = new Map<BackupOutline, T[]>()
  for (const one of going.toReversed()) {
    const first = chains.of(one.backup).links[0] ?? one.backup
    groups.set(first, [one, ...groups.get(first) ?? []])
  }
  return [...groups.values()].flat()
}
