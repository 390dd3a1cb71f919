import { pipeline, Transform, type Readable } from 'node:stream'
import { BackupError, toBackupError } from '../../core/errors.ts'
import type { ClientEnvironment } from './client.ts'
import { startClient } from './client.ts'
import type { Database } from './connection.ts'
import { programPath, type Installation, type Program } from './programs.ts'
import { openSession } from './session.ts'

/** Milliseconds that the search for the reason of a failure may take. */
const DIAGNOSIS = 10_000
/** Characters of the messages of a program that an error shows. */
const SHOWN = 1000

export interface DumpOptions {
  readonly installation: Installation
  readonly program: Program
  readonly args: readonly string[]
  readonly environment: ClientEnvironment
  readonly database: Database
  /** What has to be done before the stream may end, besides the program. */
  readonly alsoDone?: Promise<unknown>
}

export interface Dump {
  readonly image: Readable
  /** Resolves with the first bytes; rejects with the error of a program that failed before. */
  readonly begun: Promise<void>
  /** Resolves when the program has ended, in whatever way. */
  readonly ended: Promise<void>
}

/**
 * The output of a program. The stream ends only after the program ended with code 0; otherwise it is destroyed with an
 * error whose reason was asked of the server, for the messages of programs are for people. An abort of `signal`
 * destroys it with its reason, and ends the program.
 */
export function dumpStream (
  { installation, program, args, environment, database, alsoDone }: DumpOptions,
  signal: AbortSignal
): Dump {
  const client = startClient(programPath(installation, program), [...environment.args, ...args], {
    variables: { ...environment.variables, PGAPPNAME: `holdfast ${program}` },
    failed: (end, messages) => failure(program, end, messages)
  }, signal)
  const result = client.ended.catch(async (error: unknown) => {
    throw signal.aborted ? signal.reason : await diagnosed(toBackupError(error), database)
  })
  result.catch(() => {})
  const begun = Promise.withResolvers<undefined>()
  begun.promise.catch(() => {})
  const image = new Transform({
    transform (chunk: Buffer, _encoding, done) {
      begun.resolve(undefined)
      done(null, chunk)
    },
    flush (done) {
      Promise.all([result, alsoDone]).then(() => {
        done()
      }, done)
    }
  })
  result.then(() => {
    begun.resolve(undefined)
  }, begun.reject)
  const abort = (): void => {
    image.destroy(signal.reason as Error)
  }
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  // A failure of the counts makes its output worthless.
  alsoDone?.catch((error: unknown) => {
    client.kill()
    image.destroy(toBackupError(error))
  })
  // Connected at once: Node discards the output of a program that ends before anything reads it.
  pipeline(client.output, image, () => {
    signal.removeEventListener('abort', abort)
    client.kill()
  })
  return { image, begun: begun.promise, ended: client.ended.catch(() => {}) }
}

function failure (program: Program, end: string, messages: string): BackupError {
  const text = messages.trim().slice(-SHOWN)
  return new BackupError('SOURCE_FAILED', `${program} failed (${end})${text === '' ? '' : `: ${text}`}`, {
    hint: 'Look at the log of the server, then try again.'
  })
}

/** A database that no longer answers, or locks, are found by a query; otherwise the error is returned as it is. */
async function diagnosed (error: BackupError, database: Database): Promise<BackupError> {
  if (error.code !== 'SOURCE_FAILED') return error
  try {
    const session = await openSession(database, AbortSignal.timeout(DIAGNOSIS))
    try {
      const [lock] = await session.query<{ readonly pid: number, readonly name: string }>(
        `SELECT l.pid, l.relation::regclass::text AS name FROM pg_locks l
         WHERE l.granted AND l.mode = 'AccessExclusiveLock' AND l.locktype = 'relation'
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND l.relation >= 16384 ORDER BY l.pid LIMIT 1`
      )
      return lock === undefined ? error : new BackupError(
        'SOURCE_LOCKED',
        `process ${lock.pid} of the server has an exclusive lock on ${lock.name}: ${error.message}`,
        { hint: 'Wait for its transaction (pg_stat_activity shows it), then try again.', cause: error }
      )
    } finally {
      await session.close()
    }
  } catch (thrown) {
    const found = toBackupError(thrown)
    return found.code === 'SOURCE_FAILED' || !found.code.startsWith('SOURCE_')
      ? error
      : new BackupError(found.code, `${found.message} (${error.message})`, {
        ...found.hint !== undefined && { hint: found.hint },
        cause: error
      })
  }
}
