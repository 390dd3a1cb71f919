import { copyFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { TestContext } from 'node:test'
import { openCatalog } from '../../../src/catalog/index.ts'
import type { Backup, BackupType } from '../../../src/core/backup/backup.ts'
import type { Assertion } from '../../../src/core/restore/drill.ts'
import { EventBus, type Event } from '../../../src/core/event.ts'
import type { Settings } from '../../../src/core/schedule/settings.ts'
import { INSTANCE_MARKER } from '../../../src/core/instance.ts'
import { RESTORE_NOTE } from '../../../src/core/restore/restore-note.ts'
import type { Source } from '../../../src/core/ports/source.ts'
import { loadKinds, type LoadedKind } from '../../../src/core/ports/source-kind.ts'
import type { EngineDeps } from '../../../src/engine/deps.ts'
import { fileRehearser } from '../../../src/core/restore/rehearsal.ts'
import type { SourceOverrides } from '../../../src/core/schedule/policy.ts'
import type { CreateRequest } from '../../../src/engine/backup/create-request.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import { NO_HOOKS, type Hooks } from '../../../src/core/hooks.ts'
import { runCommand } from '../../../src/files/run-command.ts'
import { LiveSettings } from '../../../src/engine/live-settings.ts'
import { makeEngine } from '../../../src/engine/make-engine.ts'
import { pathOwner } from '../../../src/engine/restore/target-guard.ts'
import { Runner } from '../../../src/engine/jobs/runner.ts'
import { makeCodecs } from '../../../src/pipeline/codecs.ts'
import { NO_KEYS } from '../../../src/pipeline/keyring.ts'
import { scratchDirectory } from '../../../src/pipeline/scratch.ts'
import { makeCalendar } from '../../../src/scheduler/calendar.ts'
import { SOURCE_KINDS } from '../../../src/sources/index.ts'
import { DEFAULT_LIMITS } from '../../../src/sources/subprocess.ts'
import { localStore } from '../../../src/stores/local/local.ts'
import { FakeClock } from '../fake-clock.ts'
import { ALONE, MIGRATIONS } from '../catalog/catalog.ts'
import { Faults, faulty } from '../faults.ts'
import { locateDirectories } from '../stores/locate-directories.ts'
import {
  assessMemory,
  memoryKind,
  MemorySource,
  memoryRestorer,
  type MemoryRestorer
} from '../sources/memory-source.ts'
import { testOwnership } from './ownership.ts'
import { testSigning } from './signing.ts'
import { never } from '../streams.ts'
import { growingKind } from '../sources/growing-source.ts'
import { tempDir } from '../temp-dir.ts'

export const SETTINGS: Settings = {
  autoBackupEnabled: true,
  autoBackupInterval: 3_600_000,
  maxBackups: 10,
  compression: 'none',
  verifyAfterBackup: true
}
export const DEFAULTS = {
  autoBackupEnabled: 'default',
  autoBackupInterval: 'default',
  maxBackups: 'default',
  compression: 'default',
  verifyAfterBackup: 'default'
} as const
/** One day. */
export const GRACE = 86_400_000

export interface TestEngineOptions {
  readonly sources?: readonly Source[]
  readonly policies?: Readonly<Record<string, SourceOverrides>>
  readonly assertions?: Readonly<Record<string, readonly Assertion[]>>
  readonly hooks?: Readonly<Record<string, Hooks>>
  /** Default: runs them, with the PATH of the test alone. */
  readonly runCommand?: EngineDeps['runCommand']
  readonly settings?: Partial<Settings>
  readonly maxConcurrent?: number
  readonly maxQueued?: { readonly all: number, readonly perSource: number }
  /** How `create` makes backups. Default: `manual`, which rotation counts at most once in an interval. */
  readonly type?: BackupType
  readonly diskReserve?: number
  readonly offsite?: EngineDeps['offsite']
  readonly keyring?: EngineDeps['keyring']
  /** The backups of another engine: this one begins with an empty catalog beside them. */
  readonly directory?: string
  /** The catalog to begin with, a copy of one that nobody has open. */
  readonly catalog?: string
  /** Which installation this is, where a test has several. */
  readonly instance?: string
  readonly isScratchOnStoreDisk?: boolean
  /** Default: a key of its own, and nothing is required. */
  readonly signing?: EngineDeps['signing']
  readonly restoreDirs?: readonly string[]
  /** Everything on no disk: for what makes thousands of backups, and asks nothing of their lasting. */
  readonly inMemory?: boolean
}

export interface TestEngine {
  readonly engine: Engine
  readonly deps: EngineDeps
  readonly faults: Faults
  readonly clock: FakeClock
  readonly events: Event[]
  /** To subscribe to further ones. */
  readonly bus: EventBus
  /** The default source, where no other was given. */
  readonly source: MemorySource
  readonly restorer: MemoryRestorer
  readonly catalogPath: string
  /** Where the store keeps its files. */
  readonly directory: string
  /** Makes a backup, a second after the one before, and waits for its end. */
  create(request?: Partial<CreateRequest>): Promise<Backup>
  /** Every file in the store, also those that no list shows. */
  files(): string[]
}

/**
 * The engine with everything real under it but the time; `faults` reaches `store`, `source`, `backups`, `jobs`, `runs`,
 * `restores`, `restorer`, `rows`, `scratch`. A plan that was not used fails the test.
 */
export async function testEngine (t: Pick<TestContext, 'after'>, options: TestEngineOptions = {}): Promise<TestEngine> {
  const home = tempDir(t, { inMemory: options.inMemory ?? false })
  const directory = options.directory ?? join(home, 'backups')
  const clock = new FakeClock()
  const faults = new Faults()
  const events: Event[] = []
  const bus = new EventBus(error => {
    throw error
  })
  bus.subscribe(event => {
    events.push(event)
  })
  const source = new MemorySource('shop')
  const sources = options.sources ?? [source]
  const catalogPath = join(home, 'catalog.db')
  if (options.catalog !== undefined) copyFileSync(options.catalog, catalogPath)
  const signing = options.signing ?? testSigning()
  const opened = await openCatalog(catalogPath, {
    busyTimeoutMs: 0,
    clock,
    migrationsDir: MIGRATIONS,
    presence: ALONE,
    judgeKey: key => signing.judgeKey(key)
  })
  const catalog = {
    ...opened,
    backups: faulty('backups', opened.backups, faults),
    jobs: faulty('jobs', opened.jobs, faults),
    runs: faulty('runs', opened.runs, faults),
    restores: faulty('restores', opened.restores, faults)
  }
  const scratch = scratchDirectory(join(home, 'scratch'), ALONE)
  const settings = new LiveSettings({ ...SETTINGS, ...options.settings }, DEFAULTS, catalog.settings, clock)
  const restorer = memoryRestorer(sources.filter(one => one instanceof MemorySource))
  const kinds = new Map(
    [
      ...await loadKinds([...SOURCE_KINDS, memoryKind(restorer), growingKind(restorer)], {
        scratchDir: scratch.directory,
        limits: DEFAULT_LIMITS
      })
    ].map(([name, kind]) => [name, withFaults(kind, faults)])
  )
  const landing = localStore({ directory, instanceId: 'test', presence: ALONE, now: () => clock.now() })
  const deps: EngineDeps = {
    sources: new Map(
      sources.map(
        one => [one.name, {
          source: faulty('source', one, faults),
          policy: options.policies?.[one.name] ?? {},
          assertions: options.assertions?.[one.name] ?? [],
          hooks: options.hooks?.[one.name] ?? NO_HOOKS,
          members: []
        }]
      )
    ),
    defaultSource: sources[0]!.name,
    kinds,
    ownerOf: path =>
      pathOwner(path, {
        databases: [{ path: catalogPath, what: 'the catalog' }],
        own: [{ path: directory, what: 'the directory of the backups' }],
        sources: sources.map(({ name, location }) => ({ name, location, noun: 'database' })),
        suffixes: SOURCE_KINDS.flatMap(({ companions }) => companions?.suffixes ?? [])
      }),
    restoreDirs: options.restoreDirs ?? [],
    store: faulty('store', landing, faults),
    offsite: options.offsite ?? new Map(),
    ownership: testOwnership({ instance: options.instance, landing, catalog: opened, clock }),
    signing,
    externalStores: new Map(),
    locate: locateDirectories(() => [deps.store, ...[...deps.offsite.values()].map(({ store }) => store)], faults),
    codecs: makeCodecs(2),
    keyring: options.keyring ?? NO_KEYS,
    scratch: faulty('scratch', scratch, faults),
    isScratchOnStoreDisk: async () => options.isScratchOnStoreDisk ?? true,
    catalog,
    settings,
    runner: new Runner({
      catalog,
      clock,
      events: bus,
      maxConcurrent: options.maxConcurrent ?? 4,
      maxQueued: options.maxQueued ?? { all: 100, perSource: 20 }
    }),
    runCommand: options.runCommand ??
      ((command, timeout, signal) => runCommand(command, { PATH: process.env.PATH ?? '' }, timeout, signal)),
    events: bus,
    clock,
    calendar: makeCalendar(),
    scheduleJitter: 0,
    diskReserve: options.diskReserve ?? 0,
    trashGrace: GRACE,
    auditRetention: 365 * GRACE
  }
  await deps.store.open(never)
  await scratch.open()
  const engine = makeEngine(deps)
  t.after(async () => {
    const stopped = deps.runner.stop(0)
    clock.move(0)
    await stopped
    await opened.close()
    faults.allUsed()
  })
  return {
    engine,
    deps,
    faults,
    clock,
    events,
    bus,
    source,
    restorer,
    catalogPath,
    directory,
    async create (request = {}) {
      clock.move(1000)
      const made = await (await engine.create({ type: options.type ?? 'manual', ...request })).result
      const { removed: _removed, rotationError: _rotationError, ...backup } = made
      return backup
    },
    files: () => filesIn(directory)
  }
}

/** Faults reach the rows of every kind, and what inspects and restores memory sources. */
function withFaults (kind: LoadedKind, faults: Faults): LoadedKind {
  const rows = kind.rows === null ? null : faulty('rows', kind.rows, faults)
  if (kind.name !== 'memory' && kind.name !== 'growing') return { ...kind, rows }
  const inspector = faulty('inspector', kind.inspector, faults)
  return {
    ...kind,
    rows,
    inspector,
    restorer: kind.restorer && faulty('restorer', kind.restorer, faults),
    rehearser: kind.name === 'growing' ? kind.rehearser : fileRehearser(inspector, assessMemory)
  }
}

/** Every file of a store but the note on what is in it. */
export function filesIn (directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(directory, join(entry.parentPath, entry.name)))
    .filter(path => path !== RESTORE_NOTE && path !== INSTANCE_MARKER)
    .toSorted()
}

/** Object and manifest of backups that are there, as `files` tells them. */
export function filesOf (...backups: ReadonlyArray<Pick<Backup, 'key'>>): string[] {
  return backups.flatMap(({ key }) => [key, `${key}.manifest.json`]).toSorted()
}
