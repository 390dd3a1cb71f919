import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { BackupError } from '../../../src/core/errors.ts'
import type { Inspector, Probe, Snapshot, SnapshotFacts, Source } from '../../../src/core/ports/source.ts'
import type { Check } from '../../../src/core/ports/verification.ts'
import type { SourceKind } from '../../../src/core/ports/source-kind.ts'
import { judge, inconclusive, type Assessor } from '../../../src/core/restore/drill.ts'
import type { Restorer } from '../../../src/core/restore/restore.ts'
import { bodyOf, digestOf, prose } from '../streams.ts'

/** A source whose image is a few bytes, for what does not depend on the kind of source: it starts no process. */
export class MemorySource implements Source {
  readonly kind = 'memory'
  readonly extension = '.db'
  readonly name: string
  readonly location: string
  bytes = prose(100_000)
  /** Scratch space that a snapshot claims to need. */
  scratch = 0
  closed = 0

  constructor (name: string) {
    this.name = name
    this.location = `/memory/${name}`
  }

  async probe (signal: AbortSignal): Promise<Probe> {
    signal.throwIfAborted()
    return { size: this.bytes.length, scratch: this.scratch }
  }

  async snapshot (signal: AbortSignal): Promise<Snapshot> {
    signal.throwIfAborted()
    const facts: SnapshotFacts = {
      engine: 'memory 1',
      tables: [{ name: 'bytes', rows: this.bytes.length }],
      properties: {},
      details: { schemaDigest: digestOf(this.bytes).sha256, foreignKeyViolations: 0 }
    }
    return {
      image: this.image(),
      size: this.bytes.length,
      facts: async () => facts,
      close: async () => {
        this.closed++
      }
    }
  }

  /** Put another in its place to make it die. */
  image (): Readable {
    return bodyOf(this.bytes, 16 * 1024)
  }

  inspect (path: string, expected: SnapshotFacts | null, signal: AbortSignal): Promise<readonly Check[]> {
    return memoryInspector.inspect(path, expected, signal)
  }
}

/**
 * Finds an image whole when it has the digest that the facts name; one that starts with `BAD` fails its integrity
 * check.
 */
export const memoryInspector: Inspector = {
  async inspect (path, expected, signal) {
    const bytes = await readFile(path, { signal })
    const isWhole = (expected === null || digestOf(bytes).sha256 === expected.details.schemaDigest) &&
      !bytes.toString('latin1', 0, 3).startsWith('BAD')
    return [
      { name: 'opens_read_only', status: 'pass' },
      isWhole
        ? { name: 'integrity_check', status: 'pass' }
        : { name: 'integrity_check', status: 'fail', reason: 'the bytes say that they are bad' }
    ]
  }
}

/** The value of a query is how often the bytes have its text in them; one that they cannot be asked says `?`. */
export const memoryAssessor: Assessor = {
  async assess (path, assertions, _at, signal) {
    const bytes = await readFile(path, { signal, encoding: 'latin1' })
    return assertions.map(assertion =>
      assertion.sql === '?'
        ? inconclusive(assertion, 'nobody knows')
        : judge(assertion, bytes.split(assertion.sql).length - 1)
    )
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
    modes: [{ name: 'live', summary: 'in place' }, { name: 'replace', summary: 'in its place' }],
    contentType: 'text/plain',
    byHand: { tool: 'cat', note: '  cat $B.db\n', command: 'cat backup.db' },
    salvage: null,
    sample: null,
    methods: ['full'],
    loadTools: async () => ({
      source: name => new MemorySource(name),
      inspector: memoryInspector,
      restorer,
      assessor: memoryAssessor,
      rows: null
    })
  }
}

/** What restores memory sources, and to paths that are remembered in `files`. */
export interface MemoryRestorer extends Restorer {
  readonly files: Map<string, Buffer>
}

export function memoryRestorer (sources: readonly MemorySource[]): MemoryRestorer {
  const files = new Map<string, Buffer>()
  return {
    files,
    async check (_image, { mode, path, overwrite }) {
      if (mode === 'file' && files.has(path) && !overwrite) {
        throw new BackupError('RESTORE_TARGET_EXISTS', `"${path}" exists`)
      }
    },
    async place ({ path: image, sha256 }, { mode, path, aside }, onBytes, signal) {
      const bytes = await readFile(image, { signal })
      if (digestOf(bytes).sha256 !== sha256) throw new BackupError('CHECKSUM_MISMATCH', 'the image is another')
      const source = sources.find(({ location }) => location === path)
      if (mode === 'replace' && source !== undefined) files.set(aside, source.bytes)
      if (source === undefined) files.set(path, bytes)
      else source.bytes = bytes
      onBytes(bytes.length)
      return { bytes: bytes.length, isOldKept: mode === 'replace', took: 0, warnings: [] }
    },
    settle: async (_path, aside) => files.has(aside),
    discard: async aside => {
      files.delete(aside)
    }
  }
}
