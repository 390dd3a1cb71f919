import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemCode } from '../core/errors.ts'
import { takeName } from '../files/take-name.ts'
import { clearDamage } from './damage-mark.ts'
import { syncDirectory } from './database.ts'
import { catalogError } from './errors.ts'

const COMPANIONS = ['-wal', '-shm', '-journal'] as const

/**
 * Renames a damaged catalog, with what SQLite keeps beside it, to `<name>.corrupt-<time>` and returns the new path.
 * Never overwrites: a name that is taken gets `-2`, `-3`, … added. No connection to it may be open. May be repeated
 * after a crash: the main file goes first, and SQLite throws away a leftover companion of a database that is not there.
 */
export async function setAside (path: string, now: Date): Promise<string> {
  const base = `${path}.corrupt-${now.toISOString().slice(0, 19).replaceAll(':', '-')}`
  let target = base
  try {
    for (let attempt = 2; !await move(path, target); attempt++) target = `${base}-${attempt}`
    for (const companion of COMPANIONS) await moveIfThere(path + companion, target + companion)
    clearDamage(path)
    await syncDirectory(dirname(path))
    return target
  } catch (error) {
    throw catalogError(error)
  }
}

/** Returns false where the target is taken. */
async function move (from: string, to: string): Promise<boolean> {
  try {
    takeName(from, to)
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw error
  }
  await rm(from, { force: true })
  return true
}

async function moveIfThere (from: string, to: string): Promise<void> {
  try {
    await move(from, to)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
}
