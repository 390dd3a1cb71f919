import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  type Stats
} from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../core/errors.ts'
import { Secret } from '../core/secret.ts'
import { giveToFolderOwnerSync, makeFoldersSync } from '../files/folder-owner.ts'
import { takeName } from '../files/take-name.ts'
import type { Config, TokenKey } from './config.ts'
import { isPrivateGroup } from './data-dir.ts'
import { SECRET_FILE } from './data-files.ts'
import { SECRET_LENGTH } from './service-options.ts'
import { configError, type Problem } from './problem.ts'

export { SECRET_FILE }

/** Completes the remedies for one of the secrets that the service makes for itself. */
export interface OwnSecretWords {
  /** What can be given in place of the file: empty, or `, or give …`. */
  readonly instead: string
  /** What becomes of it where the file is removed and made again. */
  readonly lost: string
}

const TOKEN_WORDS: OwnSecretWords = { instead: ', or set JWT_SECRET', lost: 'all tokens must be created again.' }

/**
 * What proves a token: what is configured, otherwise the generated secret for itself on its first start.
 * Two processes that come first at once end up with the same one. Throws `CONFIG_INVALID`.
 */
export function ensureSecret (config: Pick<Config, 'dataDir' | 'tokenKey'>): TokenKey {
  return config.tokenKey ?? { algorithm: 'HS256', key: ensureOwnSecret(config.dataDir, SECRET_FILE, TOKEN_WORDS) }
}

/** The secret in the file `name` of DATA_DIR, made where there is none yet. Throws `CONFIG_INVALID`. */
export function ensureOwnSecret (dataDir: string, name: string, words: OwnSecretWords): Secret {
  const path = join(dataDir, name)
  const known = readOwnSecret(path, words)
  if (known !== undefined) return orThrow(known)
  try {
    makeOwnSecret(path, dataDir)
  } catch (cause) {
    throw configError([{
      name: 'DATA_DIR',
      problem: `"${path}" cannot be written (${systemCode(cause) ?? 'unknown'})`,
      remedy: `Set a directory that is writable for the service${words.instead}.`
    }], cause)
  }
  const made = readOwnSecret(path, words)
  return orThrow(
    made ??
      {
        name: 'DATA_DIR',
        problem: `"${path}" was removed`,
        remedy: 'Find out which other process removes files there.'
      }
  )
}

/**
 * The secret in the file; what is wrong with it; undefined where there is none yet. Takes the rights of the group away
 * from a file of this user, and changes nothing else. A volume may have added them: Kubernetes does so for `fsGroup` at
 * each start of a pod, https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
 */
export function readOwnSecret (
  path: string,
  { instead, lost }: OwnSecretWords = TOKEN_WORDS
): Secret | Problem | undefined {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    return {
      name: 'DATA_DIR',
      problem: `"${path}" cannot be read (${systemCode(error) ?? 'unknown'})`,
      remedy: `Start the service as the user that owns the file${instead}.`
    }
  }
  try {
    const stat = fstatSync(fd)
    const remove = `Remove it: the service then creates a new one, and ${lost}`
    if (!stat.isFile()) return { name: 'DATA_DIR', problem: `"${path}" is not a file`, remedy: remove }
    if (!isKept(fd, stat)) {
      return {
        name: 'DATA_DIR',
        problem: `"${path}" can be read by other users`,
        remedy: `Run "chmod 600 ${path}"; if another user may have read it, remove the file instead: ${lost}`
      }
    }
    const value = readFileSync(fd, 'utf8').trim()
    if (value.length < SECRET_LENGTH) {
      return { name: 'DATA_DIR', problem: `"${path}" is shorter than ${SECRET_LENGTH} characters`, remedy: remove }
    }
    return new Secret(value)
  } finally {
    closeSync(fd)
  }
}

/**
 * Whether nobody else than the owner, the members of a group of the owner alone, and root can read the open file from
 * now on.
 */
function isKept (fd: number, { mode, uid, gid }: Stats): boolean {
  if ((mode & 0o077) === 0) return true
  // No volume gives rights to everybody: somebody did, and others may have read it.
  if ((mode & 0o007) !== 0) return false
  if (uid === process.geteuid?.() && tighten(fd)) return true
  return isPrivateGroup(gid, uid)
}

function tighten (fd: number): boolean {
  try {
    fchmodSync(fd, 0o600)
    return (fstatSync(fd).mode & 0o077) === 0
  } catch (error) {
    // Read-only, or a file system that keeps no rights: they count as they are.
    if (['EROFS', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP'].includes(systemCode(error) ?? '')) return false
    throw error
  }
}

/** Complete or not at all, and never over another: a name of its own, then a link to the right one. */
function makeOwnSecret (path: string, dataDir: string): void {
  makeFoldersSync(dataDir, 0o700)
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  const fd = openSync(temporary, 'wx', 0o600)
  try {
    fchmodSync(fd, 0o600)
    giveToFolderOwnerSync(fd, dataDir)
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

function orThrow (found: Secret | Problem): Secret {
  if (found instanceof Secret) return found
  throw configError([found])
}
