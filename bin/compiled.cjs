'use strict'
const { chmodSync, lstatSync, mkdirSync, statSync } = require('node:fs')
const { enableCompileCache, getCompileCacheDir } = require('node:module')
const { userInfo } = require('node:os')
const { dirname, isAbsolute, join } = require('node:path')

const WRITABLE_FOR_OTHERS = 0o022
const STICKY = 0o1000

/**
 * Stores the modules that Node.js compiles, so that the next command starts faster: in `holdfast` in the user's
 * directory for caches (XDG_CACHE_HOME, otherwise `~/.cache`). This process runs the code that is stored there, so only
 * a directory that no other user can exchange or enter is used; otherwise nothing is stored. Call it before the other
 * modules are loaded. This file is plain JavaScript because Node.js loads its parser for TypeScript, which costs 50 ms,
 * only for a module that is not stored yet.
 */
exports.keepCompiledOfUser = () => {
  const caches = cachesOfUser()
  if (caches === undefined || getCompileCacheDir() !== undefined) return
  if (!isMade(caches) || !isOfThisUserAlone(caches) || !isFixedIn(dirname(caches))) return
  const directory = join(caches, 'holdfast')
  if (!isMade(directory)) return
  try {
    const found = lstatSync(directory)
    if (!found.isDirectory() || (process.getuid !== undefined && found.uid !== process.getuid())) return
    chmodSync(directory, 0o700)
  } catch {
    // It was removed in between, or this user has no access: the command starts without.
    return
  }
  enableCompileCache(directory)
}

/** https://specifications.freedesktop.org/basedir-spec/latest/ */
function cachesOfUser () {
  const given = process.env['XDG_CACHE_HOME']
  if (given !== undefined && isAbsolute(given)) return given
  try {
    // Not $HOME: sudo may have left the one of another user.
    return join(userInfo().homedir, '.cache')
  } catch {
    // In a container the user may be a number without a home directory.
    return undefined
  }
}

/** Whether the directory is there, made now if need be. */
function isMade (directory) {
  try {
    mkdirSync(directory, { mode: 0o700 })
    return true
  } catch (error) {
    return error.code === 'EEXIST'
  }
}

function isOfThisUserAlone (directory) {
  try {
    const { uid, mode } = statSync(directory)
    return (process.getuid === undefined || uid === process.getuid()) && (mode & WRITABLE_FOR_OTHERS) === 0
  } catch {
    return false
  }
}

/** Whether no user but root can exchange a directory of this user in `parent`. */
function isFixedIn (parent) {
  try {
    const { uid, mode } = statSync(parent)
    const isTrusted = process.getuid === undefined || [0, process.getuid()].includes(uid)
    return isTrusted && ((mode & WRITABLE_FOR_OTHERS) === 0 || (mode & STICKY) !== 0)
  } catch {
    return false
  }
}
