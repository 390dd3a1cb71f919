import './config/threads.ts'
import { startApp, type App } from './app/app.ts'
import { makeLogger } from './app/logger.ts'
import type { Config } from './config/config.ts'
import type { Environment } from './config/read-environment.ts'
import { commandName } from './config/command-name.ts'
import { checkConfig } from './config/load.ts'
import { problemsError } from './config/problem.ts'
import { processEnvironment } from './config/process-env.ts'
import { useProxy } from './config/proxy.ts'
import { writeRecord } from './config/recorded.ts'
import { startWarnings } from './config/start-warnings.ts'
import { systemClock } from './core/clock.ts'
import { BackupError, ERRORS, systemCode, toBackupError } from './core/errors.ts'
import { printableLines } from './core/printable.ts'
import { endIfHung } from './app/ending.ts'
import { lastResort } from './app/last-resort.ts'
import { VERSION } from './app/version.ts'

/**
 * Runs the service until SIGTERM, SIGINT or an exception that nothing caught, then stops it: no new work, the grace
 * period for what runs, then an end. Resolves with the exit code: 0 after a signal, 1 after an exception. Throws
 * `CONFIG_INVALID` with every problem, or the error of whatever cannot be opened.
 */
export async function serve (environment: Environment, cwd: string): Promise<number> {
  const checked = checkConfig(environment, cwd, { reader: 'service' })
  if (!checked.ok) throw problemsError(checked)
  const { config, inForce, recorded } = checked
  useProxy(environment, config.stores)
  const logger = makeLogger(config)
  const told = toldToStop()
  let exitCode = 0
  const app = await startApp(config, { logger, inForce })
  try {
    const address = await listen(app, config)
    // From now on commands work with this configuration. One that could not listen leaves the record of the last that
    // could.
    writeRecord(recorded, { version: VERSION, at: systemClock.now() })
    logger.info({
      address,
      backupDir: config.backupDir,
      sources: config.sources.map(source => source.name),
      defaultSource: config.defaultSource
    }, `Holdfast is listening at ${address}`)
    if (config.tokenKey === undefined) {
      logger.info(
        `the service signs tokens with a generated secret; create a token with: ${
          commandName(environment)
        } token create --role admin --expires 30d`
      )
    }
    for (const { facts, message } of startWarnings(config, app.engine.settings(), await app.missing())) {
      logger.warn(facts, message)
    }
    // From here on: until it listens, a mistake ends the start, as it should.
    const reason = await Promise.race([told, lastResort(process, logger)])
    if (reason === 'uncaughtException') exitCode = ERRORS.INTERNAL.exit
    logger.info(
      { reason, graceMs: config.shutdownGraceMs },
      'stopping: no new jobs are accepted, running jobs may finish'
    )
  } finally {
    await app.close(config.shutdownGraceMs)
  }
  logger.info('stopped')
  return exitCode
}

async function listen (app: App, { host, port }: Config): Promise<string> {
  try {
    return await app.listen()
  } catch (cause) {
    throw new BackupError(
      'ADDRESS_UNAVAILABLE',
      `cannot listen on port ${port} of "${host}" (${systemCode(cause) ?? 'unknown reason'})`,
      { hint: 'Stop the process that uses the address, or set another PORT or HOST.', cause }
    )
  }
}

/** Resolves with the first signal that asks for an end; a second one does not hurry it. */
function toldToStop (): Promise<NodeJS.Signals> {
  return new Promise(resolve => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, resolve)
  })
}

/** Serves with what this process was given, tells what keeps it from starting, and sets the exit code. */
export async function runService (): Promise<void> {
  try {
    process.exitCode = await serve(processEnvironment(), process.cwd())
  } catch (thrown) {
    const { code, message, hint } = toBackupError(thrown)
    process.stderr.write(printableLines(`holdfast cannot start: ${message}\n${hint === undefined ? '' : `${hint}\n`}`))
    process.exitCode = ERRORS[code].exit
  }
  await endIfHung(process.exitCode)
}

if (import.meta.main) await runService()
