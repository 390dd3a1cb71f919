import { chmodSync, lstatSync, mkdirSync, statSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { systemCode } from '../core/errors.ts'
import { COMPILED } from './data-files.ts'

/**
 * Keeps what the engine of JavaScript makes of our modules, so that the next process starts the sooner. This process
 * runs what is in there: only a directory of this user is used, in a DATA_DIR of this user, and nobody else may enter
 * it, whatever the modes are of what Node writes there. Where that cannot be, nothing is kept. `dataDirProblems` must
 * have found nothing before.
 */
export function keepCompiled (dataDir: string): void {
  const directory = join(dataDir, COMPILED)
  try {
    if (process.getuid !== undefined && statSync(dataDir).uid !== process.getuid()) return
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
