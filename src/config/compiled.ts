import { chmodSync, lstatSync, mkdirSync, statSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { systemCode } from '../core/errors.ts'
import { COMPILED } from './data-files.ts'

/**
 * Stores the modules that Node.js compiles, so that the next process starts faster. This process runs the code that is
 * stored there: only a directory of this user is used, in a DATA_DIR of this user, and no other user may enter it,
 * whatever the modes of the files are that Node.js writes. Otherwise nothing is stored. `dataDirProblems` must have
 * found nothing before. `bin/compiled.cjs` does the same for a command, before its DATA_DIR is known.
 */
export function keepCompiled (dataDir: string): void {
  if (!isOfThisUser(dataDir)) return
  const directory = join(dataDir, COMPILED)
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
    // It was removed in between, or this user has no access: the process starts without.
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
