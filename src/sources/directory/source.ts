import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { finished, pipeline, Transform, type Readable } from 'node:stream'
import { pipeline as piped } from 'node:stream/promises'
import type { ChainLink } from '../../core/backup/chain-link.ts'
import { BackupError, toBackupError } from '../../core/errors.ts'
import { MAIN, type PartOutline, type PartStream } from '../../core/ports/part.ts'
import type { Outcome, Parent, Snapshot, SnapshotFacts, SnapshotRequest, Source } from '../../core/ports/source.ts'
import { noRoom } from '../../files/no-room.ts'
import { ownChunk } from '../../files/own-chunk.ts'
import { sibling } from '../child.ts'
import { PATIENCE, patientProbe } from '../patient-probe.ts'
import { DEFAULT_LIMITS, startSubprocess, type ChildLimits, type Subprocess } from '../subprocess.ts'
import { FILES } from './entry.ts'
import { directoryDetails } from './facts.ts'
import type { ProbeMessage, ProbeTask, ReadOptions, SnapshotMessage, SnapshotTask } from './protocol.ts'

const MAIN_PART: PartOutline = { name: MAIN, format: 'tar', extension: '.tar', isIndex: false, isPacked: false }
const FILES_PART: PartOutline = { name: FILES, format: 'ndjson', extension: '.ndjson', isIndex: true, isPacked: false }

/** One arena of the C library's memory is enough for a process with two threads. */
const CHILD_ENVIRONMENT = { MALLOC_ARENA_MAX: '1' }

export interface DirectorySourceOptions extends ReadOptions {
  readonly name: string
  readonly path: string
  /** A directory of the service's own, with room for the list of files. */
  readonly scratchDir: string
  /** Default: `DEFAULT_LIMITS`. */
  readonly limits?: ChildLimits | undefined
  /** GNU tar: a name that is looked up where distributions have programs, or a path. Default: `tar`. */
  readonly tar?: string | undefined
}

/** A directory with all that is in it, or a single file. It is read in a child process, by GNU tar. */
export function directorySource (options: DirectorySourceOptions): Source {
  const { name, path, xattrs, limits = DEFAULT_LIMITS, tar = 'tar' } = options
  const probe = patientProbe<ProbeTask, ProbeMessage>({
    entry: sibling(import.meta.url, 'probe-child'),
    task: { path, tar },
    environment: CHILD_ENVIRONMENT,
    path,
    memory: limits.memory,
    patience: PATIENCE
  })
  /** Parents of increments whose source was probed by `obstacle`, shortly before. */
  const probed = new WeakSet<Parent>()
  return {
    name,
    kind: 'directory',
    location: path,
    outline: () => [MAIN_PART, FILES_PART],

    async probe ({ parent }, signal) {
      if (parent === null || !probed.delete(parent)) await probe(signal)
      // Only a walk through the whole tree shows how much there is.
      return { size: null, scratch: 0 }
    },

    async obstacle (parent, signal) {
      const details = directoryDetails(parent.facts)
      if (parent.link === null || details === null) return 'the newest backup does not contain the list of a directory'
      const { isFile } = await probe(signal)
      probed.add(parent)
      if (isFile !== (details.root === 'file')) return 'the source was a file, or is one now'
      return xattrs && !details.xattrs ? 'the newest backup has no extended attributes' : null
    },

    async snapshot (request, signal) {
      signal.throwIfAborted()
      const scratch = join(options.scratchDir, `directory-${randomUUID()}`)
      let child: Subprocess | undefined
      try {
        await mkdir(scratch, { mode: 0o700 })
        const task = await taskOf(options, tar, request, scratch, signal)
        const started = startReading(task, limits, signal)
        child = started.child
        await started.begun
        return new DirectorySnapshot(started, task.list, scratch, linkOf(request), signal)
      } catch (error) {
        await finish(child, scratch)
        throw noRoom(error, options.scratchDir, 'set SCRATCH_DIR to a larger disk') ?? error
      }
    }
  }
}

async function taskOf (
  { path, exclude, oneFileSystem, xattrs, onUnreadable, onChange }: DirectorySourceOptions,
  tar: string,
  { parent }: SnapshotRequest,
  scratch: string,
  signal: AbortSignal
): Promise<SnapshotTask> {
  const parentList = parent === null ? null : join(scratch, 'parent.ndjson')
  if (parent !== null && parentList !== null) {
    await piped(await parent.open(FILES, signal), createWriteStream(parentList, { mode: 0o600 }), { signal }).catch(
      (error: unknown) => {
        throw signal.aborted ? signal.reason : error
      }
    )
  }
  const depth = parent === null ? 0 : linkOfParent(parent).depth + 1
  const list = join(scratch, 'files.ndjson')
  return { path, tar, list, parentList, depth, exclude, oneFileSystem, xattrs, onUnreadable, onChange }
}

/** A history is that of one chain, and its positions count the increments: no log is captured between them. */
function linkOf ({ parent }: SnapshotRequest): ChainLink {
  if (parent === null) {
    const chain = randomUUID()
    return { chain, lineage: chain, parent: null, depth: 0, from: positionOf(0), to: positionOf(0) }
  }
  const { chain, lineage, depth } = linkOfParent(parent)
  const position = positionOf(depth + 1)
  return { chain, lineage, parent: parent.name, depth: depth + 1, from: position, to: position }
}

function linkOfParent ({ link }: Parent): ChainLink {
  if (link !== null) return link
  throw new BackupError('INTERNAL', 'an increment was asked for on a backup that has no chain')
}

function positionOf (depth: number): string {
  return depth.toString(16).padStart(16, '0')
}

interface Reading {
  readonly child: Subprocess
  readonly begun: Promise<void>
  /** Resolves when the child has ended well. */
  readonly facts: Promise<SnapshotFacts>
}

function startReading (task: SnapshotTask, limits: ChildLimits, signal: AbortSignal): Reading {
  const begun = Promise.withResolvers<undefined>()
  let facts: SnapshotFacts | undefined
  const child = startSubprocess({
    entry: sibling(import.meta.url, 'snapshot-child'),
    task,
    environment: CHILD_ENVIRONMENT,
    onMessage: message => {
      const sent = message as SnapshotMessage
      if (sent.type === 'started') begun.resolve(undefined)
      if (sent.type === 'walking') child.extend()
      if (sent.type === 'facts') facts = sent.facts
    },
    ...limits
  }, signal)
  const result = child.ended.then(() => {
    if (facts === undefined) throw noFacts()
    return facts
  })
  result.then(() => {
    begun.reject(noFacts())
  }, begun.reject)
  return { child, begun: begun.promise, facts: result }
}

class DirectorySnapshot implements Snapshot {
  readonly #reading: Reading
  readonly #list: string
  readonly #scratch: string
  readonly #link: ChainLink
  readonly #signal: AbortSignal
  readonly #outcome = Promise.withResolvers<Outcome>()
  /** Connected at once: Node discards the output of a process that ends before anything reads it. */
  readonly #archived: Readable
  #open: Readable | undefined

  constructor (reading: Reading, list: string, scratch: string, link: ChainLink, signal: AbortSignal) {
    this.#reading = reading
    this.#list = list
    this.#scratch = scratch
    this.#link = link
    this.#signal = signal
    this.#outcome.promise.catch(() => {})
    this.#archived = this.#archive()
    this.#archived.on('error', () => {})
    reading.facts.catch(this.#outcome.reject)
  }

  async *parts (): AsyncGenerator<PartStream, void> {
    yield { ...MAIN_PART, image: this.#watched(this.#archived), size: null }
    const facts = await this.#reading.facts
    this.#signal.throwIfAborted()
    const { size } = await stat(this.#list)
    const image = this.#watched(listStream(this.#list, directoryDetails(facts)?.listSha256, this.#signal))
    image.once('end', () => {
      this.#outcome.resolve({ facts, link: this.#link })
    })
    yield { ...FILES_PART, image, size }
  }

  outcome (): Promise<Outcome> {
    return this.#outcome.promise
  }

  extend (): void {
    this.#reading.child.extend()
  }

  async close (): Promise<void> {
    this.#archived.destroy()
    this.#open?.destroy()
    this.#outcome.reject(
      new BackupError('INTERRUPTED', 'the backup of the directory was given up before it was read to its end')
    )
    await finish(this.#reading.child, this.#scratch)
  }

  /** Lets the bytes through, and the stream end only after their producer has succeeded. */
  #archive (): Readable {
    const { child, facts } = this.#reading
    const image = new Transform({
      transform (chunk: Buffer, _encoding, done) {
        child.extend()
        done(null, ownChunk(chunk))
      },
      flush (done) {
        facts.then(() => {
          done()
        }, done)
      }
    })
    pipeline(child.image, image, () => {})
    return image
  }

  #watched (image: Readable): Readable {
    this.#open = image
    finished(image, error => {
      if (error != null) this.#outcome.reject(error)
    })
    return image
  }
}

/** The list, which must be as the child has written it. An abort destroys the stream with its reason. */
function listStream (path: string, sha256: string | undefined, signal: AbortSignal): Readable {
  const hash = createHash('sha256')
  const image = new Transform({
    transform (chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
    flush (done) {
      done(
        hash.digest('hex') === sha256 ? null : new BackupError(
          'SOURCE_FAILED',
          `the list of files in "${path}" was changed after it was written`,
          { hint: 'See which process writes to SCRATCH_DIR, then try again.' }
        )
      )
    }
  })
  const abort = (): void => {
    image.destroy(signal.reason as Error)
  }
  signal.addEventListener('abort', abort, { once: true })
  pipeline(createReadStream(path), image, error => {
    signal.removeEventListener('abort', abort)
    if (error != null) image.destroy(toBackupError(error))
  })
  return image
}

async function finish (child: Subprocess | undefined, scratch: string): Promise<void> {
  child?.kill()
  await child?.ended.catch(() => {})
  await rm(scratch, { recursive: true, force: true })
}

function noFacts (): BackupError {
  return new BackupError('SOURCE_FAILED', 'the process that reads the directory ended without a result', {
    hint: 'Try again.'
  })
}
