import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { BackupError, systemCode } from '../../core/errors.ts'
import { isPresenceId, type Presence } from '../../core/presence.ts'
import { catalogError } from '../errors.ts'
import { isForbidden, isLocked, lockFile } from './lock-file.ts'

const FOLDER = 'processes'
const SUFFIX = '.lock'
/** One that was found alive is asked again after this. Milliseconds. */
const TRUSTED = 200

export interface Announced extends Presence {
  /** From now on the process counts as gone. Safe to call twice. */
  leave(): void
}

/**
 * Tells the other processes that work on `dataDir` that this one is there, until it leaves or dies: it holds the lock
 * on a file of its own. The files of those that died are removed. Rejects with `CATALOG_FAILED` or `DISK_FULL`.
 */
export async function announce (dataDir: string): Promise<Announced> {
  const id = `${process.pid}-${randomBytes(4).toString('hex')}`
  const pathOf = (other: string): string => join(dataDir, FOLDER, other + SUFFIX)
  const seen = new Map<string, number>()
  let held: Awaited<ReturnType<typeof lockFile>>
  try {
    held = await lockFile(pathOf(id))
    if (held === undefined) {
      throw new BackupError('CATALOG_FAILED', `another process has locked "${pathOf(id)}"`, { hint: 'Try again.' })
    }
    for (const name of readdirSync(join(dataDir, FOLDER))) bury(name.slice(0, -SUFFIX.length))
  } catch (error) {
    held?.release()
    throw catalogError(error)
  }

  function bury (other: string): void {
    if (other === id || !isPresenceId(other) || pidLives(other) || lives(other)) return
    rmSync(pathOf(other), { force: true })
  }

  /**
   * Whoever runs as another user, and left a file that this one must not open, lives as long as its number is in use.
   */
  function lives (other: string): boolean {
    try {
      return isLocked(pathOf(other))
    } catch (error) {
      if (isForbidden(error)) return pidLives(other)
      throw error
    }
  }

  return {
    id,
    isAlive (other) {
      if (other === id) return true
      if (!isPresenceId(other) || !existsSync(pathOf(other))) return false
      const now = performance.now()
      // A number that is not in use here may still be that of a process in another container.
      if (now - (seen.get(other) ?? Number.NEGATIVE_INFINITY) < TRUSTED && pidLives(other)) return true
      const alive = lives(other)
      if (alive) seen.set(other, now)
      else seen.delete(other)
      return alive
    },
    leave () {
      if (held === undefined) return
      held.release()
      held = undefined
      rmSync(pathOf(id), { force: true })
    }
  }
}

/**
 * A process that is only beginning may have made its file and not locked it yet: nobody buries one whose number is in
 * use.
 */
function pidLives (id: string): boolean {
  try {
    process.kill(Number.parseInt(id, 10), 0)
    return true
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}
