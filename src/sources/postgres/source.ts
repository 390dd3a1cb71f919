import { finished, type Readable } from 'node:stream'
import { BackupError } from '../../core/errors.ts'
import type { PartStream } from '../../core/ports/part.ts'
import type { Outcome, Snapshot, Source } from '../../core/ports/source.ts'
import { clientEnvironment, type ClientEnvironment } from './client.ts'
import { locationOf, type Database } from './connection.ts'
import { majorOf, serverFacts } from './details.ts'
import { dumpStream, type Dump } from './dump.ts'
import type { GlobalsChoice, Selection } from './fields.ts'
import { GLOBALS_PART, MAIN_PART, partsOf } from './parts.ts'
import { installationFor, installations, type Installation, type Program } from './programs.ts'
import { requireClosed, requireDirect, requireRights, requireServer } from './requirements.ts'
import { openSession } from './session.ts'
import { selectionArguments, selectRelations } from './tables.ts'
import { factsOf, globalsOf, openView, type View, type ViewFacts } from './view.ts'

/** Milliseconds that a view waits for the lock on a table. */
const LOCK_TIMEOUT = 60_000
/** Milliseconds that pg_dump waits for one that the view has. */
const DUMP_LOCK_TIMEOUT = 2000
/** How often a view is given up for another session that waits for it. */
const ATTEMPTS = 5
/** Parameters of libpq that notice a server which no longer answers. Seconds. */
const KEEPALIVE = 'keepalives_idle=30 keepalives_interval=10 keepalives_count=6'

export interface PostgresSourceOptions {
  readonly name: string
  readonly database: Database
  readonly selection: Selection
  /** undefined: with passwords where the role may read them. */
  readonly globals: GlobalsChoice | undefined
  /** Directories of programs; empty: those where packages install them. */
  readonly directories: readonly string[]
  readonly scratchDir: string
  /** Milliseconds that a lock on a table may take. Default: a minute. */
  readonly lockTimeout?: number
}

/** One database of a PostgreSQL server, read by pg_dump; the roles of the server are read by pg_dumpall. */
export function postgresSource (options: PostgresSourceOptions): Source {
  const { name, database, selection, globals, directories } = options
  const programs: readonly Program[] = globals === 'none' ? ['pg_dump'] : ['pg_dump', 'pg_dumpall']
  return {
    name,
    kind: 'postgres',
    location: locationOf(database),
    outline: () => partsOf(globals),

    async probe (_request, signal) {
      const session = await openSession(database, signal)
      try {
        const server = await serverFacts(session)
        requireServer(majorOf(server))
        installationFor(await installations(directories), majorOf(server), programs)
        await requireDirect(database, session, signal)
        globalsOf(globals, server, database.server.user)
        const selected = await selectRelations(session, selection)
        await requireRights(database, session, selected)
        await requireClosed(session, selected)
      } finally {
        await session.close()
      }
      // The files of a database are no measure of its dump, which has no indexes.
      return { size: null, scratch: 0 }
    },

    async snapshot (_request, signal) {
      const given = new AbortController()
      const both = AbortSignal.any([signal, given.signal])
      for (let attempt = 1;; attempt++) {
        const reading = await startReading(options, programs, both)
        try {
          await reading.dump.begun
          return new PostgresSnapshot(options, reading, given, both)
        } catch (error) {
          const isInTheWay = !both.aborted && await reading.view.isWaitedFor().catch(() => false)
          await endReading(reading)
          if (!isInTheWay) throw error
          if (attempt === ATTEMPTS) throw tooRestless(error)
        }
      }
    }
  }
}

/** pg_dump at work on a view. */
interface Reading {
  readonly view: View
  readonly dump: Dump
  readonly installation: Installation
  readonly environment: ClientEnvironment
  /** To be settled when the rows were counted: the archive ends only then. */
  readonly counts: PromiseWithResolvers<unknown>
}

/**
 * Opens a view, and starts pg_dump on it. With the locks of the view on every table, pg_dump waits for a lock only
 * where another session waits for one of these, such as for ALTER TABLE. It gives up soon then, so that the view can be
 * given up, the other session goes on, and a new view waits until that has ended.
 */
async function startReading (
  { database, selection, directories, scratchDir, lockTimeout = LOCK_TIMEOUT }: PostgresSourceOptions,
  programs: readonly Program[],
  signal: AbortSignal
): Promise<Reading> {
  const view = await openView({ database, selection, lockTimeout }, signal)
  let environment: ClientEnvironment | undefined
  try {
    const installation = installationFor(await installations(directories), majorOf(view.server), programs)
    environment = await clientEnvironment(database.server, scratchDir)
    const counts = Promise.withResolvers<unknown>()
    const dump = dumpStream({
      installation,
      program: 'pg_dump',
      args: [
        '-d',
        connectionString(database),
        '--format=custom',
        '--compress=0',
        `--lock-wait-timeout=${Math.min(lockTimeout, DUMP_LOCK_TIMEOUT)}`,
        `--snapshot=${view.snapshot}`,
        ...selectionArguments(view.selected)
      ],
      environment,
      database,
      alsoDone: counts.promise
    }, signal)
    dump.image.on('error', () => {})
    return { view, dump, installation, environment, counts }
  } catch (error) {
    await view.close()
    await environment?.close()
    throw error
  }
}

async function endReading ({ view, dump, environment }: Reading): Promise<void> {
  dump.image.destroy()
  await dump.ended
  await view.close()
  await environment.close()
}

class PostgresSnapshot implements Snapshot {
  readonly #options: PostgresSourceOptions
  readonly #reading: Reading
  readonly #given: AbortController
  readonly #signal: AbortSignal
  readonly #outcome = Promise.withResolvers<Outcome>()
  readonly #main: Readable
  readonly #facts: Promise<ViewFacts>
  #globals: Dump | undefined

  constructor (options: PostgresSourceOptions, reading: Reading, given: AbortController, signal: AbortSignal) {
    this.#options = options
    this.#reading = reading
    this.#given = given
    this.#signal = signal
    this.#outcome.promise.catch(() => {})
    this.#facts = reading.view.facts()
    this.#facts.then(reading.counts.resolve, reading.counts.reject)
    this.#main = this.#watched(reading.dump.image)
  }

  async *parts (): AsyncGenerator<PartStream, void> {
    const { database, selection, globals: choice } = this.#options
    const { view, installation, environment } = this.#reading
    yield { ...MAIN_PART, image: this.#main, size: null }
    const facts = await this.#facts
    this.#signal.throwIfAborted()
    const globals = globalsOf(choice, view.server, database.server.user)
    const resolve = (): void => {
      this.#outcome.resolve({ facts: factsOf(facts, view.server, installation, selection, globals), link: null })
    }
    if (globals === null) {
      resolve()
      return
    }
    this.#globals = dumpStream({
      installation,
      program: 'pg_dumpall',
      args: [
        '-l',
        connectionString(database),
        '--globals-only',
        ...globals.passwords ? [] : ['--no-role-passwords']
      ],
      environment,
      database
    }, this.#signal)
    const image = this.#watched(this.#globals.image)
    image.once('end', resolve)
    yield { ...GLOBALS_PART, image, size: null }
  }

  outcome (): Promise<Outcome> {
    return this.#outcome.promise
  }

  async close (): Promise<void> {
    const reason = new BackupError(
      'INTERRUPTED',
      'the backup of the database was given up before it was read to its end'
    )
    this.#outcome.reject(reason)
    this.#given.abort(reason)
    await this.#globals?.ended
    await endReading(this.#reading)
    await this.#facts.catch(() => {})
  }

  #watched (image: Readable): Readable {
    image.on('error', () => {})
    finished(image, error => {
      if (error != null) this.#outcome.reject(error)
    })
    return image
  }
}

function tooRestless (cause: unknown): BackupError {
  return new BackupError(
    'SOURCE_LOCKED',
    'another session changed a table or waited for a lock on one each time a backup began',
    { hint: 'Try again when the schema is changed less often; pg_stat_activity shows the statements.', cause }
  )
}

/** The database, so that no character of its name is taken for anything else. */
function connectionString ({ name }: Database): string {
  return `dbname='${name.replaceAll(/[\\']/g, '\\$&')}' ${KEEPALIVE}`
}
