'use strict'

/** The first version of Node.js that runs this program; package.json has the same under "engines". */
const NEEDED = 24

/** One sentence where the version of Node.js is too old to run this program; undefined: it is not. */
function tooOld (version) {
  if (parseInt(version, 10) >= NEEDED) return undefined
  return 'holdfast needs Node.js ' + NEEDED + ' or newer, and this is ' + version + ' (' + process.execPath +
    '): install a newer one from https://nodejs.org, or start holdfast with "npm run" in its own directory.\n'
}

/**
 * Ends the process with 2, wrong usage, where its Node.js is too old. This file and the one that calls it hold nothing
 * that Node.js 4 cannot parse.
 */
function requireNode () {
  const problem = tooOld(process.versions.node)
  if (problem === undefined) return
  process.stderr.write(problem)
  process.exit(2)
}

exports.requireNode = requireNode
exports.tooOld = tooOld
