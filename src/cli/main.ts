#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { loadConfig, checkConfig } from '../config/load.ts'
import { ensureSecret } from '../config/own-secret.ts'
import { describeProblems } from '../config/problem.ts'
import { processEnvironment } from '../config/process-env.ts'
import { systemClock } from '../core/clock.ts'
import { ROLES, signToken } from '../http/tokens.ts'
import { configCheckCommand, type ConfigReport } from './commands/config-check.ts'
import { serveCommand } from './commands/serve.ts'
import { tokenCreateCommand } from './commands/token-create.ts'
import { exitCodesHelp, reportError, type Output } from './output.ts'

process.exitCode = await main(process.argv.slice(2))

async function main (words: readonly string[]): Promise<number> {
  let exitCode = 0
  const exit = (code: number): void => { exitCode = code }
  try {
    await program(exit).parseAsync(words, { from: 'user' })
  } catch (error) {
    // Commander has told the user already, and ends with 1 where the usage is wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    return reportError(error, { out: process.stdout, err: process.stderr })
  }
  return exitCode
}

function program (exit: (code: number) => void): Command {
  const output: Output = { out: process.stdout, err: process.stderr }
  const [environment, cwd] = [processEnvironment(), process.cwd()]

  const token = group('token', 'Tokens for the API.')
    .addCommand(tokenCreateCommand({ roles: ROLES, tokenKey: () => ensureSecret(loadConfig(environment, cwd)), sign: signToken, clock: systemClock, output }))
  const config = group('config', 'The configuration.')
    .addCommand(configCheckCommand({ check: () => reportConfig(checkConfig(environment, cwd)), output, exit }))
  // Loaded on demand: the other commands need none of what the service is made of.
  const serve = async (): Promise<number> => (await import('../server.ts')).serve(environment, cwd)

  const holdfast = group('holdfast', 'Keeps databases recoverable: consistent live backups, each proven restorable.')
    .addCommand(serveCommand({ serve, exit }))
    .addCommand(token)
    .addCommand(config)
  for (const command of [holdfast, ...holdfast.commands, ...token.commands, ...config.commands]) command.exitOverride().showHelpAfterError('(--help shows the usage)')
  return holdfast
}

function group (name: string, description: string): Command {
  return new Command(name).description(description).addHelpText('after', exitCodesHelp([0, 2]))
}

function reportConfig (checked: ReturnType<typeof checkConfig>): ConfigReport {
  if (!checked.ok) return { ...checked, text: describeProblems(checked.problems) }
  const { config: { sources, defaultSource }, inForce, file } = checked
  return { ok: true, file, inForce, sources, defaultSource }
}
