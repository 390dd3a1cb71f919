import { chmodSync, lstatSync, mkdirSync, statSync } from 'node:fs'
import { enableCompileCache, getCompileCacheDir } from 'node:module'
import { userInfo } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { systemCode } from '../core/errors.ts'
import { COMPILED } from './data-files.ts'
import { processEnvironment } from './process-env.ts'

const WRITABLE_FOR_OTHERS = 0o022
const STICKY = 0o1000

/**
 * Keeps what the engine of JavaScript makes of our modules, so that the next process starts the sooner. This process
 * runs what is in there: only a directory of this user is used, in a DATA_DIR of this user, and nobody else may enter
 * it, whatever the modes are of what Node writes there. Where that cannot be, nothing is kept. `dataDirProblems` must
 * have found nothing before.
 */
export function keepCompiled (dataDir: string): void {
  if (isOfThisUser(dataDir)) keepIn(join(dataDir, COMPILED))
}

/**
 * The same for a command, before it knows its DATA_DIR: in `holdfast` in the user's directory for such files
 * (XDG_CACHE_HOME, otherwise `~/.cache`). To be called before the modules are loaded.
 */
export function keepCompiledOfUser (): void {
  const caches = cachesOfUser()
  if (caches === undefined || getCompileCacheDir() !== undefined) return
  try {
    mkdirSync(caches, { mode: 0o700 })
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') return
  }
  if (isOfThisUserAlone(caches) && isFixedIn(dirname(caches))) keepIn(join(caches, 'holdfast'))
}

/** https://specifications.freedesktop.org/basedir-spec/latest/ */
function cachesOfUser (): string | undefined {
  const given = processEnvironment()['XDG_CACHE_HOME']
  if (given !== undefined && isAbsolute(given)) return given
  try {
    // Not $HOME: sudo may have left that of another user.
    return join(userInfo().homedir, '.cache')
  } catch {
    // In a container the user may be a bare number without a home.
    return undefined
  }
}

function keepIn (directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 })
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') return
  }
  try {
    const found = lstatSync(directory)
    if (!found.isDirectory() || (process.getuid !== undefined && found.uid !== process.getuid())) return
    chmodSync(directory, 0o700)
  } catch {
    // It is gone again, or this user must not look: the process starts without.
    return
  }
  enableCompileCache(directory)
}

function isOfThisUser (directory: string): boolean {
  try {
    return process.getuid === undefined || statSync(directory).uid === process.getuid()
  } catch {
    return false
  }
}

function isOfThisUserAlone (directory: string): boolean {
  try {
    return isOfThisUser(directory) && (statSync(directory).mode & WRITABLE_FOR_OTHERS) === 0
  } catch {
    return false
  }
}

/** Whether no other user but root can exchange a directory of this user in `parent`. */
function isFixedIn (parent: string): boolean {
  try {
    const { uid, mode } = statSync(parent)
    const isTrusted = process.getuid === undefined || [0, process.getuid()].includes(uid)
    return isTrusted && ((mode & WRITABLE_FOR_OTHERS) === 0 || (mode & STICKY) !== 0)
  } catch {
    return false
  }
}
