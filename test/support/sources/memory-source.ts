import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { finished, type Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { ChainLink } from '../../../src/core/backup/chain-link.ts'
import { BackupError } from '../../../src/core/errors.ts'
import { MAIN, type PartOutline, type PartStream } from '../../../src/core/ports/part.ts'
import type {
  Details,
  Inspector,
  Probe,
  Snapshot,
  SnapshotFacts,
  SnapshotRequest,
  Source
} from '../../../src/core/ports/source.ts'
import type { SourceKind } from '../../../src/core/ports/source-kind.ts'
import type { Check } from '../../../src/core/ports/verification.ts'
import { judge, inconclusive, type Assertion, type AssertionResult } from '../../../src/core/restore/drill.ts'
import { fileRehearser, type AssessFile } from '../../../src/core/restore/rehearsal.ts'
import { lastLink, type Restorable } from '../../../src/core/restore/restorable.ts'
import type { Restorer } from '../../../src/core/restore/restore.ts'
import type { TreeEntry, TreeTool } from '../../../src/core/restore/tree.ts'
import { bodyOf, digestOf, prose } from '../streams.ts'

const MAIN_PART: PartOutline = { name: MAIN, format: 'memory', extension: '.db', isIndex: false, isPacked: false }
const INDEX_PART: PartOutline = { name: 'index', format: 'json', extension: '.json', isIndex: true, isPacked: false }

/** What a snapshot has in its parts. */
interface Taken {
  readonly bytes: Buffer
  /** The bytes that the facts count. */
  readonly rows: number
  readonly details: Details
  readonly link: ChainLink | null
}

/** A source whose image is a few bytes, for what does not depend on the kind of source: it starts no process. */
export class MemorySource implements Source {
  readonly kind: string = 'memory'
  readonly name: string
  readonly location: string
  bytes = prose(100_000)
  /** Scratch space that a snapshot claims to need. */
  scratch = 0
  closed = 0
  /** Images of its snapshots that are neither at their end nor destroyed. */
  readonly open = new Set<Readable>()
  /** Backups have a second part, the digest of the bytes, and the size of neither is known beforehand. */
  readonly hasIndex: boolean

  constructor (name: string, { hasIndex = false } = {}) {
    this.name = name
    this.location = `/memory/${name}`
    this.hasIndex = hasIndex
  }

  outline (): readonly [PartOutline, ...PartOutline[]] {
    return this.hasIndex ? [MAIN_PART, INDEX_PART] : [MAIN_PART]
  }

  async probe (_request: SnapshotRequest, signal: AbortSignal): Promise<Probe> {
    signal.throwIfAborted()
    return { size: this.hasIndex ? null : this.bytes.length, scratch: this.scratch }
  }

  async snapshot (_request: SnapshotRequest, signal: AbortSignal): Promise<Snapshot> {
    signal.throwIfAborted()
    const { sha256 } = digestOf(this.bytes)
    return this.taken({ bytes: this.bytes, rows: this.bytes.length, details: {}, link: null }, sha256, signal)
  }

  /** A snapshot whose main part is `bytes`; `sha256` goes into its index. */
  protected taken ({ bytes, rows, details, link }: Taken, sha256: string, signal: AbortSignal): Snapshot {
    const facts: SnapshotFacts = {
      engine: 'memory 1',
      tables: [{ name: 'bytes', rows }],
      properties: {},
      details: { schemaDigest: digestOf(bytes).sha256, foreignKeyViolations: 0, ...details }
    }
    const ended = Promise.withResolvers<undefined>()
    ended.promise.catch(() => {})
    const own = new Set<Readable>()
    const watched = (image: Readable, isLast: boolean): Readable => {
      const abort = (): void => {
        image.destroy(signal.reason as Error)
      }
      for (const set of [own, this.open]) set.add(image)
      signal.addEventListener('abort', abort)
      finished(image, error => {
        signal.removeEventListener('abort', abort)
        for (const set of [own, this.open]) set.delete(image)
        if (error != null) ended.reject(error)
        else if (isLast) ended.resolve(undefined)
      })
      return image
    }
    const parts = async function* (this: MemorySource): AsyncGenerator<PartStream> {
      yield {
        ...MAIN_PART,
        image: watched(this.image(bytes), !this.hasIndex),
        size: this.hasIndex ? null : bytes.length
      }
      if (this.hasIndex) yield { ...INDEX_PART, image: watched(this.index(sha256), true), size: null }
    }
    return {
      parts: () => parts.call(this),
      outcome: async () => {
        await ended.promise
        return { facts, link }
      },
      close: async () => {
        this.closed++
        for (const image of own) image.destroy()
        await Promise.allSettled([...own].map(image => once(image, 'close')))
      }
    }
  }

  /** Put another in its place to make it die. */
  image (bytes = this.bytes): Readable {
    return bodyOf(bytes, 16 * 1024)
  }

  /** The second part. Put another in its place to make it die. */
  index (sha256: string): Readable {
    return bodyOf(Buffer.from(JSON.stringify({ sha256 })))
  }
}

const CONSISTENCY: Readonly<Record<string, Omit<Check, 'name'>>> = {
  GAP: {
    status: 'pass',
    reason: '2 rows name files that are not there',
    violations: 2,
    consistency: 'inconsistent'
  },
  ODD: { status: 'skipped', reason: 'the query failed', code: 'QUERY_FAILED', consistency: 'unknown' }
}

/**
 * Finds an image whole when it has the digest that the facts name; one that starts with `BAD` fails its integrity
 * check, one with `GAP` is inconsistent, and of one with `ODD` that cannot be told. The index is left to be
 * read by the caller.
 */
export const memoryInspector: Inspector = {
  checks: [
    { name: 'opens_read_only', opensContent: true, remedy: 'Use an older backup.' },
    { name: 'integrity_check', opensContent: true, remedy: 'Use an older backup.' }
  ],
  async inspect (images, expected, signal) {
    const bytes = await readFile(await images.file(MAIN, signal), { signal })
    const isWhole = (expected === null || digestOf(bytes).sha256 === expected.details.schemaDigest) &&
      !bytes.toString('latin1', 0, 3).startsWith('BAD')
    return [
      { name: 'opens_read_only', status: 'pass' },
      isWhole
        ? { name: 'integrity_check', ...CONSISTENCY[bytes.toString('latin1', 0, 3)] ?? { status: 'pass' } }
        : { name: 'integrity_check', status: 'fail', reason: 'the bytes say that they are bad' }
    ]
  }
}

/** The value of a query is how often the bytes have its text in them; one that they cannot be asked says `?`. */
export const assessMemory: AssessFile = async (path, assertions, _at, signal) =>
  assessText(await readFile(path, { signal, encoding: 'latin1' }), assertions)

export function assessText (text: string, assertions: readonly Assertion[]): readonly AssertionResult[] {
  return assertions.map(assertion =>
    assertion.sql === '?'
      ? inconclusive(assertion, 'nobody knows')
      : judge(assertion, text.split(assertion.sql).length - 1)
  )
}

/** Backups of memory sources have one file, `text`, and a second page that is empty. */
const memoryTree: TreeTool = {
  async list (images, { patterns, after }, signal) {
    const bytes = await buffer(await images.open(MAIN, signal))
    if (patterns.includes('..')) throw new BackupError('VALIDATION_FAILED', 'the pattern leads outside')
    if (after !== undefined || (patterns.length > 0 && !patterns.includes('text'))) return { entries: [], next: null }
    const entry: TreeEntry = {
      path: 'text',
      pathBytes: null,
      type: 'file',
      size: bytes.length,
      modified: new Date(0),
      mode: 0o644,
      uid: 0,
      gid: 0,
      target: null,
      sha256: digestOf(bytes).sha256,
      isUnreadable: false
    }
    return { entries: [entry], next: 'more' }
  },
  async *entries (images, signal) {
    const { sha256 } = digestOf(await buffer(await images.open(MAIN, signal)))
    yield { path: Buffer.from('text'), type: 'file', original: null, sha256, isUnreadable: false }
  }
}

/** The kind of memory sources; `restorer` is theirs. */
export function memoryKind (restorer: Restorer): SourceKind {
  return {
    name: 'memory',
    label: 'text in memory',
    noun: 'text',
    fields: {},
    required: [],
    inherited: {},
    setting: null,
    validate: () => [],
    place: () => '/memory',
    paths: () => [],
    companions: null,
    assertionProblem: () => undefined,
    size: async () => 0,
    examinations: {},
    unsecurable: { empty: ['SOURCE_MISSING', 'SOURCE_EMPTY'], damaged: ['SOURCE_MALFORMED'] },
    modes: [
      { name: 'live', summary: 'in place', needsSource: true },
      { name: 'replace', summary: 'in its place', needsSource: false }
    ],
    contentType: 'text/plain',
    byHand: { tool: 'cat', note: '  cat $B\n', command: 'cat backup.db' },
    salvage: null,
    sample: null,
    methods: ['full'],
    loadTools: async () => ({
      source: name => new MemorySource(name),
      inspector: memoryInspector,
      restorer,
      rehearser: fileRehearser(memoryInspector, assessMemory),
      rows: null,
      tree: memoryTree,
      query: null,
      export: null
    })
  }
}

/** The text that a chain has: what each of its links adds. Throws `CHECKSUM_MISMATCH` where it is another. */
export async function textOf (restorable: Restorable, signal: AbortSignal): Promise<Buffer> {
  const added: Buffer[] = []
  for (const { images } of restorable.links) added.push(await readFile(await images.file(MAIN, signal), { signal }))
  const { image, facts } = lastLink(restorable).manifest
  const bytes = Buffer.concat(added)
  if (digestOf(bytes).sha256 === (facts.details.whole ?? image.sha256)) return bytes
  throw new BackupError('CHECKSUM_MISMATCH', 'the image is another')
}

/** What restores memory sources, and to paths that are remembered in `files`. */
export interface MemoryRestorer extends Restorer {
  readonly files: Map<string, Buffer>
}

export function memoryRestorer (sources: readonly MemorySource[]): MemoryRestorer {
  const files = new Map<string, Buffer>()
  return {
    files,
    undoneBy: 'backup',
    needs: ({ mode }) => ({ files: [MAIN], isOwn: mode === 'live' }),
    async check (_manifest, { mode, path, overwrite }) {
      if (mode === 'file' && files.has(path) && !overwrite) {
        throw new BackupError('RESTORE_TARGET_EXISTS', `"${path}" exists`)
      }
    },
    async place (restorable, { mode, path, aside, only }, onBytes, signal) {
      if (only !== undefined && !only.includes('text')) throw new BackupError('PATH_NOT_FOUND', `no "${only.join()}"`)
      const bytes = await textOf(restorable, signal)
      const source = sources.find(({ location }) => location === path)
      if (mode === 'replace' && source !== undefined) files.set(aside, source.bytes)
      if (source === undefined) files.set(path, bytes)
      else source.bytes = bytes
      onBytes(bytes.length)
      return { bytes: bytes.length, isOldKept: mode === 'replace', took: 0, warnings: [] }
    },
    settle: async (_path, aside) => files.has(aside),
    holders: async () => [],
    discard: async aside => {
      files.delete(aside)
    },
    async revert (path, aside, hadContent) {
      const kept = files.get(aside)
      const source = sources.find(({ location }) => location === path)
      if (kept !== undefined && source !== undefined) source.bytes = kept
      else if (!hadContent) files.delete(path)
      files.delete(aside)
    }
  }
}
