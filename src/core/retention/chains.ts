import type { BackupOutline } from '../backup/backup.ts'
import { chainOf, isIncrement, type Chain } from '../recovery/chain.ts'

/** The live backups of one source as chains. What retention knows of chains, it asks of `chainOf`. */
export class Chains {
  readonly #byId: ReadonlyMap<number, BackupOutline>
  readonly #known = new Map<BackupOutline, Chain<BackupOutline>>()

  constructor (live: readonly BackupOutline[]) {
    this.#byId = new Map(live.map(backup => [backup.id, backup]))
  }

  of (backup: BackupOutline): Chain<BackupOutline> {
    const known = this.#known.get(backup)
    if (known !== undefined) return known
    const chain = chainOf(backup, this.#byId)
    this.#known.set(backup, chain)
    return chain
  }

  /** The full backup that it goes with; itself, if it is one, or if its chain is broken. */
  headOf (backup: BackupOutline): BackupOutline {
    const { links: [head = backup], broken } = this.of(backup)
    return broken === null ? head : backup
  }

  /** Whether it can be restored, as far as is known: all of its chain is there, and nothing was found damaged. */
  isSound (backup: BackupOutline): boolean {
    const { links, broken } = this.of(backup)
    return broken === null && links.every(({ verification }) => verification.status !== 'invalid')
  }

  parentOf ({ parentId }: BackupOutline): BackupOutline | undefined {
    return parentId === null ? undefined : this.#byId.get(parentId)
  }
}

/** Whether it is a full backup, and no increment. */
export function isFull (backup: BackupOutline): boolean {
  return !isIncrement(backup)
}

/** Orders backups by their start, the newest first. */
export function newestFirst (a: BackupOutline, b: BackupOutline): number {
  return b.startedAt.getTime() - a.startedAt.getTime() || b.id - a.id
}
