import { BackupError } from '../core/errors.ts'

/** Held by whatever makes a backup of the source. */
export function sourceHold (source: string): string {
  return `source:${source}`
}

/** Held by whatever decides which backups of the source stay. */
export function retentionHold (source: string): string {
  return `retention:${source}`
}

/** Held by whatever works on one backup. */
export function backupHold (id: number): string {
  return `backup:${id}`
}

export interface Claim {
  /** The job to name to those who find the thing held. */
  ownedBy (jobId: number): void
  /** Safe to call twice. */
  release (): void
}

/** What jobs have for themselves, by name. */
export class Holds {
  readonly #held = new Map<string, { jobId: number | undefined }>()
  readonly #waiting = new Set<() => void>()

  holderOf (name: string): { readonly jobId: number | undefined } | undefined {
    return this.#held.get(name)
  }

  /** Takes all of `names`, or none: throws `BACKUP_IN_PROGRESS` or `BACKUP_BUSY` with the id of the job that is in the way. */
  claim (names: readonly string[]): Claim {
    for (const name of names) {
      const holder = this.#held.get(name)
      if (holder !== undefined) throw conflict(name, holder.jobId)
    }
    const holder: { jobId: number | undefined } = { jobId: undefined }
    for (const name of names) this.#held.set(name, holder)
    return {
      ownedBy: jobId => { holder.jobId = jobId },
      release: () => {
        for (const name of names) if (this.#held.get(name) === holder) this.#held.delete(name)
        for (const resolve of this.#waiting) resolve()
        this.#waiting.clear()
      }
    }
  }

  /** The same, after waiting for whoever is in the way. */
  async claimWhenFree (names: readonly string[], jobId: number, signal: AbortSignal): Promise<Claim> {
    while (names.some(name => this.#held.has(name))) {
      signal.throwIfAborted()
      const freed = Promise.withResolvers<undefined>()
      const wake = (): void => { freed.resolve(undefined) }
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake, { once: true })
      await freed.promise
      signal.removeEventListener('abort', wake)
    }
    signal.throwIfAborted()
    const claim = this.claim(names)
    claim.ownedBy(jobId)
    return claim
  }
}

function conflict (name: string, jobId: number | undefined): BackupError {
  const details = jobId === undefined ? {} : { details: { jobId } }
  const rest = name.slice(name.indexOf(':') + 1)
  const hint = 'Wait for that job to end, or cancel it.'
  if (name.startsWith('backup:')) return new BackupError('BACKUP_BUSY', `another job is at work on backup ${rest}`, { hint, ...details })
  return new BackupError('BACKUP_IN_PROGRESS', `another job is at work on the source "${rest}"`, { hint, ...details })
}
