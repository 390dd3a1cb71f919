import { execFile } from 'node:child_process'
import { BackupError, systemCode } from '../../core/errors.ts'
import { isSpawnFailure, spawnError } from '../spawn-error.ts'

/** The first version that reads lists of files without taking a name for an option: `--verbatim-files-from`. */
const OLDEST = [1, 29] as const
/** Where distributions have programs: a service may have an environment without a PATH. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin:/opt/homebrew/bin'
/** Milliseconds. */
const TIMEOUT = 10_000

/** Messages in English, so that one of them can be found. */
export const TAR_ENVIRONMENT = { PATH, LC_ALL: 'C', TZ: 'UTC' }

/**
 * Resolves with the name and version: `GNU tar 1.34`. Rejects with `SOURCE_TOOL_MISSING` unless `program`, a name that
 * is looked up or a path, is GNU tar in a version that can be used, and with `PROCESS_LIMIT` or `SOURCE_FAILED` where
 * it cannot be started.
 */
export async function requireGnuTar (program = 'tar'): Promise<string> {
  const [, major, minor] = /^tar \(GNU tar\) (\d+)\.(\d+)/.exec(await versionOf(program)) ?? []
  if (major === undefined || minor === undefined) throw toolMissing(`"${program}" is not GNU tar`)
  const [oldMajor, oldMinor] = OLDEST
  if (Number(major) < oldMajor || (Number(major) === oldMajor && Number(minor) < oldMinor)) {
    throw toolMissing(`"${program}" is GNU tar ${major}.${minor}, and ${oldMajor}.${oldMinor} or later is needed`)
  }
  return `GNU tar ${major}.${minor}`
}

async function versionOf (program: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    execFile(program, ['--version'], { env: TAR_ENVIRONMENT, timeout: TIMEOUT }, (error, stdout) => {
      // A program of another kind may not know the option.
      if (error === null || typeof error.code === 'number') resolve(stdout)
      else reject(startError(error))
    })
  })
}

/** Why tar could not be started. */
export function startError (error: Error): BackupError {
  const code = systemCode(error)
  if (isSpawnFailure(error)) return spawnError(error)
  if (code === 'ENOENT' || code === 'EACCES') return toolMissing('GNU tar is not installed', error)
  return new BackupError('SOURCE_FAILED', `GNU tar could not be started (${code ?? error.message})`, {
    hint: 'Check the log of the service and the system log, then retry.',
    cause: error
  })
}

function toolMissing (message: string, cause?: unknown): BackupError {
  return new BackupError('SOURCE_TOOL_MISSING', message, {
    hint: 'Install GNU tar 1.29 or later: the package "tar" of every Linux distribution.',
    cause
  })
}
