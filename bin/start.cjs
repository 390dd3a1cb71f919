'use strict'

/** What Node.js itself ends with where a module waits for something that never comes. */
const UNSETTLED = 13

/** The command line, with the modules that were compiled before. */
exports.startCommandLine = async () => {
  process.exitCode = UNSETTLED
  require('./compiled.cjs').keepCompiledOfUser()
  await import('../src/cli/main.ts')
}

/** The service. It keeps what it compiles in its DATA_DIR. */
exports.startServer = async () => {
  process.exitCode = UNSETTLED
  const { runService } = await import('../src/server.ts')
  await runService()
}
