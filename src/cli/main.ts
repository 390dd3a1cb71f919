#!/usr/bin/env node
import '../config/threads.ts'
import { hostname } from 'node:os'
import type { Config } from '../config/config.ts'
import { readKeyFile } from '../config/key-file.ts'
import { checkConfig, loadConfig, type Checked, type LoadOptions } from '../config/load.ts'
import { publicManifestKey } from '../config/manifest-key.ts'
import { ensureSecret } from '../config/generated-secret.ts'
import { describeProblems, problemsError } from '../config/problem.ts'
import { processEnvironment } from '../config/process-env.ts'
import { useProxy } from '../config/proxy.ts'
import { filesWithSecrets } from '../config/files-with-secrets.ts'
import { OWN_SOURCE, placeOf } from '../config/sources.ts'
import { storePlace } from '../config/store-places.ts'
import { systemClock as clock } from '../core/clock.ts'
import { BackupError, systemCode } from '../core/errors.ts'
import { ROLES, signToken, type Role } from '../http/tokens.ts'
import { endIfHung } from '../app/ending.ts'
import type { EngineCopy } from '../app/offline.ts'
import { makeSample, SOURCE_KINDS } from '../sources/index.ts'
import { ask } from './ask.ts'
import type { ConfigReport } from './config-report.ts'
import type { DoctorContext } from './doctor/context.ts'
import { throughEdge } from './edge.ts'
import type { Opened } from './opened.ts'
import type { Output } from './output.ts'
import { program, type ProgramDeps } from './program.ts'
import { run } from './run.ts'
import { screenOn, type Screen } from './screen.ts'
import { withSession } from './session.ts'
import { userOfTheMachine } from './user.ts'
import { warningsOn } from './warnings.ts'
import { tokensFrom } from './with-tokens.ts'

const [environment, cwd] = [processEnvironment(), process.cwd()]
/** Whether what the server recorded of its configuration is taken over. */
let server: NonNullable<LoadOptions['server']> = 'take'
/** What was warned of: a command reads the configuration more than once. */
const warned = new Set<string>()
const output: Output = { out: throughEdge(process.stdout), err: throughEdge(process.stderr) }

// Whoever reads along may stop, as "head" does: that is no failure of what the command is for.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', error => {
    if (!['EPIPE', 'EIO'].includes(systemCode(error) ?? '')) throw error
  })
}
process.exitCode = await run(process.argv.slice(2), output, exit => program(commandDeps(exit)))
await endIfHung(process.exitCode)

/** What the commands need from outside. What the service is made of is loaded on demand: help needs none of it. */
function commandDeps (exit: (code: number) => void): ProgramDeps<Role> {
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY
  const recorder = {
    clock,
    actor: userOfTheMachine(),
    host: hostname(),
    warn: (message: string) => {
      output.err.write(`holdfast: ${message}\n`)
    }
  }
  const screen = (): Screen => screenOn(output.out, environment, clock)
  return {
    output,
    screen,
    clock,
    exit,
    ignoreServerConfig: () => {
      server = 'leave'
    },
    cwd,
    host: recorder.host,
    ask: isTerminal ? question => ask(question, process.stdin, process.stdout) : undefined,
    withSession: (flags, work) => withSession({ openEngine: openGuest, output, screen, ...recorder }, flags, work),
    withTokens: tokensFrom(
      async () => await (await import('../app/offline.ts')).openTokens(configured(), warningsOn(output)),
      recorder
    ),
    verifyGivenFile: async (path, progress) =>
      (await import('../app/offline.ts')).verifyGivenFile(configuredAnyhow(), path, progress),
    salvageDatabase: async (path, target, progress) =>
      (await import('../app/offline.ts')).salvageFile(path, target, progress),
    makeSample,
    knownRows: async path => {
      const checked = check()
      return checked.ok ? await (await import('../app/offline.ts')).knownRows(checked.config, path) : undefined
    },
    serve: async () => (await import('../server.ts')).serve(environment, cwd),
    findServer: async () =>
      (await import('../app/offline.ts')).serverOf(loadConfig(environment, cwd, { isServerExcused: true })),
    terminate: pid => {
      process.kill(pid, 'SIGTERM')
    },
    makeKey: async kind => (await import('../app/offline.ts')).newKey(kind, clock.now()),
    privateKeys: async file =>
      (await import('../app/offline.ts')).privateKeys(
        file === undefined ? configuredAnyhow().encryption : readKeyFile(file)
      ),
    signingKey: () => {
      const checked = check()
      return checked.ok ? publicManifestKey(checked.config) : undefined
    },
    restoreCommands: () => SOURCE_KINDS.map(({ byHand }) => byHand.command),
    roles: ROLES,
    sign: signToken,
    requireTokenExpiry: () => valid(checkWhole()).requireTokenExpiry,
    tokenKey: () => ensureSecret(withTokenSecret(valid(checkWhole()))),
    check: () => reportConfig(checkWhole()),
    settings: async () => {
      const copy = await openCopyOf(configured())
      return await copy?.close().then(() => copy.engine.settings())
    },
    doctorContext: () => {
      const checked = checkWhole()
      return checked.ok ? examined(checked) : checked.problems
    },
    openSnapshot: () => openCopyOf(configured())
  }
}

/**
 * The configuration that commands work with: the server's, where that is known, and nothing here says otherwise. What
 * is wrong with options that the server alone uses is a warning: a restore does not wait for it.
 */
function check (): Checked {
  const checked = checkConfig(environment, cwd, { server, isServerExcused: true })
  if (!checked.ok) return checked
  for (const { name, problem, remedy } of checked.excused) {
    const warning = `holdfast: the server does not start with this configuration: ${name}: ${problem}. ${remedy}\n`
    if (!warned.has(warning)) output.err.write(warning)
    warned.add(warning)
  }
  return checked
}

/** The same with what the server alone uses: for what checks the configuration, and for tokens. */
function checkWhole (): Checked {
  return checkConfig(environment, cwd, { server })
}

function configured (): Config {
  return valid(check())
}

/** Throws `CONFIG_INVALID` and what else `loadConfig` throws. */
function valid (checked: Checked): Config {
  if (checked.ok) return checked.config
  throw problemsError(checked)
}

/**
 * For what needs no more of it than keys, and works wherever it is: what is said here, where the server's cannot be
 * taken over.
 */
function configuredAnyhow (): Config {
  const checked = check()
  return checked.ok ? checked.config : loadConfig(environment, cwd, { isDataDirUsed: false, isServerExcused: true })
}

/**
 * Throws `SECRET_MISSING` where the server signs with a secret that is not known here: it would accept no token of
 * another.
 */
function withTokenSecret (config: Config): Config {
  const secret = config.lacks.find(variable => ['JWT_SECRET', 'JWT_PUBLIC_KEY'].includes(variable))
  if (secret === undefined) return config
  throw new BackupError(
    'SECRET_MISSING',
    `the server checks tokens with ${secret}, and this command does not have it`,
    { hint: `Give ${secret} here, too; best as a file for both, by ${secret}_FILE.` }
  )
}

/** The engine beside a server and other commands, or without them. */
async function openGuest (): Promise<Opened> {
  const config = configured()
  useProxy(environment, config.stores)
  const { openEngine } = await import('../app/app.ts')
  const { engine, events, deps: { catalog, trashGrace }, close } = await openEngine(config, {
    logger: warningsOn(output),
    role: 'guest'
  })
  return {
    engine,
    events,
    audit: catalog.audit,
    defaultSource: config.defaultSource,
    ownSource: OWN_SOURCE,
    known: { hasDatabase: config.sources.length > 1, unsaidSealing: config.unsaidSealing, lacks: config.lacks },
    trashGrace,
    close: () => close(0)
  }
}

async function openCopyOf (config: Config): Promise<EngineCopy | undefined> {
  return await (await import('../app/offline.ts')).openCopy(config)
}

async function examined ({ config, file }: Extract<Checked, { readonly ok: true }>): Promise<DoctorContext> {
  const { examinable } = await import('../app/offline.ts')
  return examinable(config, filesWithSecrets(environment, cwd, config, file), {
    pattern: config.pruneSchedule,
    timeZone: 'UTC'
  })
}

function reportConfig (checked: Checked): ConfigReport {
  if (!checked.ok) return { ...checked, text: describeProblems(checked.problems, checked.code) }
  const { config: { settings, sources, defaultSource, stores, notices }, inForce, file } = checked
  const shown = stores.map(store => ({
    name: store.name,
    kind: store.kind,
    place: storePlace(store),
    retention: store.retention,
    maxBackups: store.maxBackups,
    isAppendOnly: store.isAppendOnly,
    bandwidth: store.bandwidth
  }))
  const protectedSources = sources.map(source => {
    const { name, kind, values, ...rest } = source
    return { name, kind, ...values, ...rest, place: placeOf(source) }
  })
  return {
    ok: true,
    file,
    inForce,
    settings,
    sources: protectedSources,
    defaultSource,
    stores: shown,
    notices
  }
}
