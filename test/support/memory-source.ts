import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { Inspector, Probe, Snapshot, SnapshotFacts, Source } from '../../src/core/source.ts'
import type { Check } from '../../src/core/verification.ts'
import { bodyOf, digestOf, prose } from './streams.ts'

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
      schemaDigest: digestOf(this.bytes).sha256,
      tables: [{ name: 'bytes', rows: this.bytes.length }],
      foreignKeyViolations: 0,
      properties: {}
    }
    return {
      image: this.image(),
      size: this.bytes.length,
      facts: async () => facts,
      close: async () => { this.closed++ }
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

/** Finds an image whole when it has the digest that the facts name; one that starts with `BAD` fails its integrity check. */
export const memoryInspector: Inspector = {
  async inspect (path, expected, signal) {
    const bytes = await readFile(path, { signal })
    const isWhole = (expected === null || digestOf(bytes).sha256 === expected.schemaDigest) && !bytes.toString('latin1', 0, 3).startsWith('BAD')
    return [
      { name: 'opens_read_only', status: 'pass' },
      isWhole ? { name: 'integrity_check', status: 'pass' } : { name: 'integrity_check', status: 'fail', reason: 'the bytes say that they are bad' }
    ]
  }
}
