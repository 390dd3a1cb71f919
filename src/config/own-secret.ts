import { randomBytes } from 'node:crypto'
import { closeSync, fchmodSync, fstatSync, fsyncSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../core/errors.ts'
import { Secret } from '../core/secret.ts'
import { takeName } from '../files/take-name.ts'
import type { Config, TokenKey } from './config.ts'
import { SECRET_FILE } from './data-files.ts'
import { SECRET_LENGTH } from './options.ts'
import { configError, type Problem } from './problem.ts'

export { SECRET_FILE }

/**
 * What proves a token: what is configured, otherwise the secret that the service made for itself on its first start.
 * Two processes that come first at once end up with the same one. Throws `CONFIG_INVALID`.
 */
export function ensureSecret (config: Pick<Config, 'dataDir' | 'tokenKey'>): TokenKey {
  if (config.tokenKey !== undefined) return config.tokenKey
  const path = join(config.dataDir, SECRET_FILE)
  const known = readOwnSecret(path)
  if (known !== undefined) return orThrow(known)
  try {
    makeOwnSecret(path, config.dataDir)
  } catch (cause) {
    throw configError([{ name: 'DATA_DIR', problem: `"${path}" cannot be written (${systemCode(cause) ?? 'unknown'})`, remedy: 'Give a directory that the service may write to, or give JWT_SECRET.' }], cause)
  }
  const made = readOwnSecret(path)
  return orThrow(made ?? { name: 'DATA_DIR', problem: `"${path}" vanished`, remedy: 'See who else removes files there.' })
}

/** The secret in the file; what is wrong with it; undefined where there is none yet. Changes nothing. */
export function readOwnSecret (path: string): Secret | Problem | undefined {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    return { name: 'DATA_DIR', problem: `"${path}" cannot be read (${systemCode(error) ?? 'unknown'})`, remedy: 'Start the service as the user that owns the file, or give JWT_SECRET.' }
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) return { name: 'DATA_DIR', problem: `"${path}" is not a file`, remedy: 'Remove it: the service then makes a new one, and tokens have to be made again.' }
    if ((stat.mode & 0o077) !== 0) return { name: 'DATA_DIR', problem: `"${path}" can be read by other users`, remedy: `Run "chmod 600 ${path}"; if another user may have read it, remove the file instead, and make new tokens.` }
    const value = readFileSync(fd, 'utf8').trim()
    if (value.length < SECRET_LENGTH) return { name: 'DATA_DIR', problem: `"${path}" is shorter than ${SECRET_LENGTH} characters`, remedy: 'Remove it: the service then makes a new one, and tokens have to be made again.' }
    return new Secret(value)
  } finally {
    closeSync(fd)
  }
}

/** Complete or not at all, and never over another: a name of its own, then a link to the right one. */
function makeOwnSecret (path: string, dataDir: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  const fd = openSync(temporary, 'wx', 0o600)
  try {
    fchmodSync(fd, 0o600)
    writeFileSync(fd, `${randomBytes(48).toString('base64url')}\n`)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  try {
    takeName(temporary, path)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
  } finally {
    rmSync(temporary, { force: true })
  }
  const directory = openSync(dataDir, 'r')
  fsyncSync(directory)
  closeSync(directory)
}

function orThrow (found: Secret | Problem): TokenKey {
  if (found instanceof Secret) return { algorithm: 'HS256', key: found }
  throw configError([found])
}
