#!/usr/bin/env node
import '../config/threads.ts'
import { hostname } from 'node:os'
import { commandName } from '../config/command-name.ts'
import { processEnvironment } from '../config/process-env.ts'
import { systemClock as clock } from '../core/clock.ts'
import { systemCode } from '../core/errors.ts'
import { ROLES, type Role } from '../http/roles.ts'
import { endIfHung } from '../app/ending.ts'
import { VERSION } from '../app/version.ts'
import { ask } from './ask.ts'
import type { Configured } from './configured.ts'
import { throughEdge } from './edge.ts'
import type { Output } from './output.ts'
import { program, type ProgramDeps } from './program.ts'
import { run } from './run.ts'
import { screenOn, type Screen } from './screen.ts'
import { withSession } from './session.ts'
import { userOfTheMachine } from './user.ts'
import { tokensFrom } from './with-tokens.ts'

const cwd = process.cwd()
/** What the options of every command change of where the configuration comes from. */
const given = { variables: {} as Record<string, string>, isServerIgnored: false }
const output: Output = { out: throughEdge(process.stdout), err: throughEdge(process.stderr) }

// Whoever reads along may stop, as "head" does: that is no failure of what the command is for.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', error => {
    if (!['EPIPE', 'EIO'].includes(systemCode(error) ?? '')) throw error
  })
}
const command = commandName(processEnvironment())
process.exitCode = await run(process.argv.slice(2), output, exit => program(commandDeps(exit)), command)
await endIfHung(process.exitCode)

/**
 * What the commands need from outside. Everything that reads the configuration or opens something is loaded on demand:
 * help needs none of it.
 */
function commandDeps (exit: (code: number) => void): ProgramDeps<Role> {
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY
  const environment = (): ReturnType<typeof processEnvironment> => ({ ...processEnvironment(), ...given.variables })
  const recorder = {
    clock,
    actor: userOfTheMachine(),
    host: hostname(),
    warn: (message: string) => {
      output.err.write(`holdfast: ${message}\n`)
    }
  }
  const screen = (): Screen => screenOn(output.out, environment(), clock, command)
  let known: Promise<Configured> | undefined
  const configured = async (): Promise<Configured> => {
    known ??= import('./configured.ts').then(({ configuredBy }) =>
      configuredBy({ environment: environment(), cwd, server: given.isServerIgnored ? 'leave' : 'take', output })
    )
    return await known
  }
  return {
    output,
    screen,
    clock,
    exit,
    version: VERSION,
    command,
    ignoreServerConfig: () => {
      given.isServerIgnored = true
    },
    setVariable: (name, value) => {
      given.variables[name] = value
    },
    cwd,
    host: recorder.host,
    actor: recorder.actor,
    ask: isTerminal ? question => ask(question, process.stdin, process.stdout) : undefined,
    withSession: (flags, work, { isFirst = false } = {}) =>
      withSession(
        { openEngine: async () => await (await configured()).openGuest(isFirst), output, screen, ...recorder },
        flags,
        work
      ),
    withReading: work =>
      withSession(
        { openEngine: async () => await (await configured()).openReading(), output, screen, ...recorder },
        {},
        work
      ),
    withTokens: tokensFrom(async isChange => await (await configured()).openTokens(isChange), recorder),
    verifyGivenFile: async (path, progress) => await (await configured()).verifyGivenFile(path, progress),
    salvageDatabase: async (path, target, progress) =>
      await (await import('../app/offline.ts')).salvageFile(path, target, progress),
    makeSample: async path => await (await import('../sources/index.ts')).makeSample(path),
    knownRows: async path => await (await configured()).knownRows(path),
    serve: async () => await (await import('../server.ts')).serve(environment(), cwd),
    findServer: async () => await (await configured()).findServer(),
    terminate: pid => {
      process.kill(pid, 'SIGTERM')
    },
    makeKey: async kind => await (await import('../app/offline.ts')).newKey(kind, clock.now()),
    privateKeys: async file => await (await configured()).privateKeys(file),
    signingKey: async () => (await configured()).signingKey(),
    lateChoices: async () => ({
      '--mode': [
        ...new Set(
          (await import('../sources/index.ts')).SOURCE_KINDS.flatMap(({ modes }) => modes.map(({ name }) => name))
        )
      ]
    }),
    restoreCommands: async () => (await import('../sources/index.ts')).SOURCE_KINDS.map(({ byHand }) => byHand.command),
    roles: ROLES,
    sign: async claims => (await import('../http/tokens.ts')).signToken(claims),
    requireTokenExpiry: async () => (await configured()).requireTokenExpiry(),
    tokenKey: async () => (await configured()).tokenKey(),
    check: async () => (await configured()).report(),
    settings: async () => await (await configured()).settings(),
    doctorContext: async () => await (await configured()).doctorContext(),
    openSnapshot: async () => await (await configured()).openSnapshot()
  }
}
