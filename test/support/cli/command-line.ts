import type { TestContext } from 'node:test'
import type { Known } from '../../../src/cli/opened.ts'
import type { EventBus } from '../../../src/core/event.ts'
import type { ConfigReport } from '../../../src/cli/config-report.ts'
import { throughEdge } from '../../../src/cli/edge.ts'
import { program, type ProgramDeps } from '../../../src/cli/program.ts'
import { run } from '../../../src/cli/run.ts'
import { screenOn } from '../../../src/cli/screen.ts'
import { withSession } from '../../../src/cli/session.ts'
import { GRACE, testEngine, type TestEngine, type TestEngineOptions } from '../engine/engine.ts'
import type { Ended } from '../processes/holdfast.ts'

/** The name under which the service backs up its own catalog. */
export const OWN_SOURCE = 'holdfast'

export interface CommandLine extends TestEngine {
  /** Runs `holdfast …` in this process, over the engine of the test. */
  readonly holdfast: (...words: string[]) => Promise<Ended>
  /** The same for `--json`: what it printed, taken apart. */
  readonly json: (...words: string[]) => Promise<any>
}

export interface CommandLineOptions extends TestEngineOptions {
  /** Columns of the terminal; left out: it is none. */
  readonly columns?: number
  /** Default: TZ=UTC. */
  readonly environment?: Readonly<Record<string, string>>
  readonly deps?: Partial<ProgramDeps<string>>
  /** Left out: a database is configured, and it was said how backups are sealed. */
  readonly known?: Partial<Known>
}

/** The whole program over an engine with everything real under it but the time. */
export async function commandLine (
  t: Pick<TestContext, 'after'>,
  { columns, environment = {}, deps = {}, known = {}, ...options }: CommandLineOptions = {}
): Promise<CommandLine> {
  const engine = await testEngine(t, options)
  const holdfast = (...words: string[]): Promise<Ended> =>
    runProgram(words, engine, { columns, environment, deps, known })
  return {
    ...engine,
    holdfast,
    async json (...words) {
      return JSON.parse((await holdfast(...words, '--json')).out) as unknown
    }
  }
}

async function runProgram (
  words: readonly string[],
  { engine, deps: { catalog, events, defaultSource, kinds }, clock }: TestEngine,
  { columns, environment, deps, known }: Required<Pick<CommandLineOptions, 'environment' | 'deps' | 'known'>> & {
    readonly columns: number | undefined
  }
): Promise<Ended> {
  const told = { out: '', err: '' }
  const terminal = columns === undefined ? {} : { isTTY: true, columns }
  const output = {
    out: throughEdge({
      ...terminal,
      write: (text: string) => {
        told.out += text
      }
    }),
    err: throughEdge({
      ...terminal,
      write: (text: string) => {
        told.err += text
      }
    })
  }
  const screen = () => screenOn(output.out, { TZ: 'UTC', ...environment }, clock)
  const recorder = {
    clock,
    actor: 'ann',
    host: 'here',
    warn: (message: string) => {
      told.err += `holdfast: ${message}\n`
    }
  }
  const opened = {
    engine,
    events: events as typeof events & Pick<EventBus, 'subscribe'>,
    audit: catalog.audit,
    defaultSource,
    ownSource: OWN_SOURCE,
    known: { hasDatabase: true, unsaidSealing: [], lacks: [], ...known },
    kinds,
    trashGrace: GRACE,
    close: async () => {}
  }
  const code = await run(words, output, exit =>
    program({
      output,
      screen,
      clock,
      exit,
      version: '1.2.3',
      ignoreServerConfig () {},
      setVariable () {},
      cwd: '/',
      host: 'here',
      actor: recorder.actor,
      ask: undefined,
      withSession: (flags, work) =>
        withSession({ openEngine: async () => opened, output, screen, ...recorder }, flags, work),
      withReading: work => withSession({ openEngine: async () => opened, output, screen, ...recorder }, {}, work),
      withTokens: (_deed, work) => work(catalog.tokens),
      verifyGivenFile: missing,
      salvageDatabase: missing,
      makeSample: missing,
      knownRows: missing,
      serve: missing,
      findServer: async () => undefined,
      terminate: missing,
      makeKey: missing,
      signingKey: () => undefined,
      lateChoices: async () => ({ '--mode': ['whole'] }),
      restoreCommands: () => ['open backup.db'],
      privateKeys: missing,
      roles: ['viewer', 'admin'],
      sign: missing,
      requireTokenExpiry: () => false,
      tokenKey: missing,
      check: (): ConfigReport => ({ ok: false, problems: [], text: 'not here' }),
      settings: missing,
      doctorContext: () => [],
      openSnapshot: missing,
      ...deps
    }))
  return { code, ...told }
}

/** What a test does not give its command does not need. */
function missing (): never {
  throw new Error('this test did not say what happens here')
}
