import type { LeaseLog } from '../../core/catalog/lease.ts'
import type { Clock } from '../../core/clock.ts'
import { BackupError } from '../../core/errors.ts'
import type { ProtectedSource } from '../../core/protected-source.ts'

/** How often to look whether another process has released what is waited for. Milliseconds. */
const LOOK_AGAIN = 500

/** Held while a backup of the source is made. */
export function sourceLock (source: string): string {
  return `source:${source}`
}

/** Held by a job that reads or replaces the source: of a set those of its members, too. */
export function sourceLocks ({ source, members }: Pick<ProtectedSource, 'source' | 'members'>): readonly string[] {
  return [source.name, ...members].map(sourceLock)
}

/** Held while it is decided which backups of the source stay. */
export function retentionLock (source: string): string {
  return `retention:${source}`
}

/** Held while a job works on one backup. */
export function backupLock (id: number): string {
  return `backup:${id}`
}

/**
 * Held while an increment is built on the backup, and by all that removes a backup; what only reads the backup does not
 * need it.
 */
export function baseLock (id: number): string {
  return `base:${id}`
}

/** All that the removal of a backup holds. */
export function removalLocks (id: number): readonly string[] {
  return [backupLock(id), baseLock(id)]
}

/** Held while a copy of one backup is uploaded to a store, or removed there. */
export function copyLock (id: number, store: string): string {
  return `copy:${id}:${store}`
}

/** Held while all backups of the source are verified, one after the other. */
export function verifyAllLock (source: string): string {
  return `verify-all:${source}`
}

/** Held by an upload that a caller asked for. Automatic uploads wait for the lock of the copy alone. */
export function uploadLock (id: number, store: string): string {
  return `upload:${id}:${store}`
}

export interface LockHandle {
  /** Safe to call twice. Never rejects: housekeeping releases a lease that cannot be released now. */
  release(): Promise<void>
}

export interface LocalLock {
  /** The job that an error about the conflict names. */
  ownedBy(jobId: number): void
  /** Safe to call twice. */
  release(): void
}

interface Holder {
  jobId: number | null
}

/**
 * Locks by name. Those of this process are here; those of other processes on the same catalog are leases there.
 */
export class Locks {
  readonly #leases: LeaseLog
  readonly #clock: Clock
  readonly #held = new Map<string, Holder>()
  readonly #waiting = new Set<() => void>()

  constructor (leases: LeaseLog, clock: Clock) {
    this.#leases = leases
    this.#clock = clock
  }

  /** The names of all locks that are held now, in this process and others. */
  async names (): Promise<ReadonlySet<string>> {
    const foreign = await this.#leases.foreign()
    return new Set([...this.#held.keys(), ...foreign.map(({ name }) => name)])
  }

  /** Takes all of `names` in this process, or none; errors as `lock`. The caller takes the leases. */
  lockHere (names: readonly string[], jobId: number | null = null): LocalLock {
    for (const name of names) {
      const other = this.#held.get(name)
      if (other !== undefined) throw conflict(name, other.jobId)
    }
    const holder: Holder = { jobId }
    for (const name of names) this.#held.set(name, holder)
    return {
      ownedBy: owner => {
        holder.jobId = owner
      },
      release: () => {
        for (const name of names) if (this.#held.get(name) === holder) this.#held.delete(name)
        for (const wake of this.#waiting) wake()
        this.#waiting.clear()
      }
    }
  }

  /**
   * Takes all of `names`, or none: rejects with `BACKUP_IN_PROGRESS` or `BACKUP_BUSY`, and the id of the job that is in
   * the way, if it is one.
   */
  async lock (names: readonly string[], jobId: number | null = null): Promise<LockHandle> {
    const localLock = this.lockHere(names, jobId)
    try {
      const lease = await this.#leases.take(names, jobId)
      if (lease !== undefined) throw conflict(lease.name, lease.jobId)
    } catch (error) {
      localLock.release()
      throw error
    }
    return {
      release: async () => {
        await this.#leases.release(names).catch(() => {})
        localLock.release()
      }
    }
  }

  /** The same, or undefined where something is in the way. */
  async tryLock (names: readonly string[], jobId: number | null = null): Promise<LockHandle | undefined> {
    try {
      return await this.lock(names, jobId)
    } catch (error) {
      if (isConflict(error)) return undefined
      throw error
    }
  }

  /** The same, after waiting for the jobs in the way. */
  async lockWhenFree (names: readonly string[], jobId: number, signal: AbortSignal): Promise<LockHandle> {
    for (;;) {
      signal.throwIfAborted()
      if (names.some(name => this.#held.has(name))) {
        await this.#somethingFreed(signal)
        continue
      }
      const lock = await this.tryLock(names, jobId)
      if (lock !== undefined) return lock
      // Another process is in the way. It cannot wake this one, so its leases are read again.
      await this.#clock.sleep(LOOK_AGAIN, signal)
    }
  }

  /** Releases the leases that this process no longer needs; see `LockHandle.release`. */
  async settle (): Promise<void> {
    await this.#leases.keepOnly(name => this.#held.has(name))
  }

  /** Resolves when a lock of this process is released, or `signal` aborts. */
  async #somethingFreed (signal: AbortSignal): Promise<void> {
    const freed = Promise.withResolvers<undefined>()
    const wake = (): void => {
      freed.resolve(undefined)
    }
    this.#waiting.add(wake)
    signal.addEventListener('abort', wake, { once: true })
    await freed.promise
    signal.removeEventListener('abort', wake)
  }
}

function isConflict (error: unknown): boolean {
  return error instanceof BackupError && (error.code === 'BACKUP_IN_PROGRESS' || error.code === 'BACKUP_BUSY')
}

/** The error for a lock that another job has. */
export function conflict (name: string, jobId: number | null): BackupError {
  const details = jobId === null ? {} : { details: { jobId } }
  const rest = name.slice(name.indexOf(':') + 1)
  const hint = 'Wait for that job to end, or cancel it.'
  if (name.startsWith('copy:') || name.startsWith('upload:')) {
    const [, id = '', store = ''] = /^(\d+):(.*)$/.exec(rest) ?? []
    return new BackupError('BACKUP_BUSY', `another job is using the copy of backup ${id} in "${store}"`, {
      hint,
      ...details
    })
  }
  if (name.startsWith('base:')) {
    return new BackupError('BACKUP_BUSY', `another job is making an increment of backup ${rest}, or removing it`, {
      hint,
      ...details
    })
  }
  if (name.startsWith('backup:')) {
    return new BackupError('BACKUP_BUSY', `another job is using backup ${rest}`, { hint, ...details })
  }
  if (name.startsWith('verify-all:')) {
    return new BackupError('BACKUP_IN_PROGRESS', `another job is verifying the backups of the source "${rest}"`, {
      hint,
      ...details
    })
  }
  return new BackupError('BACKUP_IN_PROGRESS', `another job is running on the source "${rest}"`, { hint, ...details })
}
