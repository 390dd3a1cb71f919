import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline, Transform } from 'node:stream'
import { BackupError } from '../../core/errors.ts'
import { MAIN, type PartOutline } from '../../core/ports/part.ts'
import type { Inspector, Snapshot, SnapshotFacts, Source } from '../../core/ports/source.ts'
import { sibling } from '../child.ts'
import { DEFAULT_LIMITS, startSubprocess, timeFor, type ChildLimits, type Subprocess } from '../subprocess.ts'
import { SQLITE_CHILD } from './open.ts'
import { SQLITE_CHECKS } from './checks.ts'
import { sqliteProbe } from './probe.ts'
import type { InspectMessage, InspectTask, SnapshotMessage, SnapshotTask } from './protocol.ts'

/** A backup is one file: the pages of the database. */
const MAIN_PART: PartOutline = { name: MAIN, format: 'sqlite', extension: '.db', isIndex: false, isPacked: false }

export interface SqliteSourceOptions {
  readonly name: string
  readonly path: string
  /** Milliseconds to wait for a process that holds the database exclusively. */
  readonly busyTimeout: number
  /** A directory of the service's own, on a disk with room for a copy of the database. */
  readonly scratchDir: string
  /** Default: `DEFAULT_LIMITS`. */
  readonly limits?: ChildLimits | undefined
}

/**
 * A live SQLite database. It is read in a child process, because closing a descriptor of a database file drops the
 * locks of every connection that the closing process has on it, and because the API must keep answering.
 */
export function sqliteSource ({ name, path, busyTimeout, scratchDir, limits = DEFAULT_LIMITS }:
  SqliteSourceOptions): Source {
  const probe = sqliteProbe(path, limits)
  return {
    name,
    kind: 'sqlite',
    location: path,
    outline: () => [MAIN_PART],

    probe: (_request, signal) => probe(signal),

    async snapshot (_request, signal) {
      const scratch = join(scratchDir, `snapshot-${randomUUID()}.db`)
      const task: SnapshotTask = { path, busyTimeout, scratch }
      const started = Promise.withResolvers<number>()
      let facts: SnapshotFacts | undefined
      const child = start(
        'snapshot-child',
        task,
        message => {
          const told = message as SnapshotMessage
          if (told.type === 'started') {
            child.extend(timeFor(told.size, limits))
            started.resolve(told.size)
          }
          if (told.type === 'facts') facts = told.facts
        },
        limits,
        signal
      )
      child.ended.then(() => {
        started.reject(noFacts())
      }, started.reject)
      try {
        const size = await started.promise
        return snapshotOf(child, size, scratch, () => facts)
      } catch (error) {
        await finish(child, scratch)
        throw error
      }
    }
  }
}

/**
 * Proves images of SQLite databases, in a child process of its own. Rejects with `PROCESS_TIMED_OUT` or
 * `PROCESS_OUT_OF_MEMORY` where that takes too much: then nothing is known of the image.
 */
export function sqliteInspector (limits: ChildLimits = DEFAULT_LIMITS): Inspector {
  return {
    checks: SQLITE_CHECKS,

    async inspect (images, expected, signal) {
      const image = await images.file(MAIN, signal)
      const task: InspectTask = { path: image, expected }
      let checks: InspectMessage | undefined
      const child = start(
        'inspect-child',
        task,
        message => {
          checks = message as InspectMessage
        },
        { ...limits, timeout: timeFor(sizeOf(image), limits) },
        signal
      )
      child.image.resume()
      await child.ended
      if (checks?.type !== 'checks') throw noFacts()
      return checks.checks
    }
  }
}

/** Bytes of the database with its log. */
export function sizeOf (path: string): number {
  return ['', '-wal'].reduce((sum, suffix) => sum + (statSync(path + suffix, { throwIfNoEntry: false })?.size ?? 0), 0)
}

function start (
  module: string,
  task: SnapshotTask | InspectTask,
  onMessage: (message: unknown) => void,
  limits: ChildLimits,
  signal: AbortSignal
): Subprocess {
  return startSubprocess({
    entry: sibling(import.meta.url, module),
    task,
    ...SQLITE_CHILD,
    onMessage,
    ...limits
  }, signal)
}

function snapshotOf (
  child: Subprocess,
  size: number,
  scratch: string,
  facts: () => SnapshotFacts | undefined
): Snapshot {
  const result = child.ended.then(() => {
    const found = facts()
    if (found === undefined) throw noFacts()
    return found
  })
  result.catch(() => {})
  const image = gate(size, result, () => {
    child.extend()
  })
  pipeline(child.image, image, () => {})
  return {
    async *parts () {
      yield { ...MAIN_PART, image, size }
    },
    outcome: async () => ({ facts: await result, link: null }),
    extend: () => {
      child.extend()
    },
    close: () => finish(child, scratch)
  }
}

/** Lets the bytes through, and lets the stream end only after their producer has succeeded and none is missing. */
function gate (size: number, result: Promise<unknown>, onBytes: () => void): Transform {
  let seen = 0
  return new Transform({
    transform (chunk: Buffer, _encoding, done) {
      seen += chunk.length
      onBytes()
      done(null, chunk)
    },
    flush (done) {
      result.then(() => {
        done(
          seen === size
            ? null
            : new BackupError('SOURCE_FAILED', `the image has ${seen} bytes instead of ${size}`, { hint: 'Try again.' })
        )
      }, (error: unknown) => {
        done(error as Error)
      })
    }
  })
}

async function finish (child: Subprocess, scratch: string): Promise<void> {
  child.kill()
  await child.ended.catch(() => {})
  await rm(scratch, { force: true })
}

function noFacts (): BackupError {
  return new BackupError('SOURCE_FAILED', 'the process that reads the source ended without a result', {
    hint: 'Try again.'
  })
}
