import { json } from 'node:stream/consumers'
import type { Readable } from 'node:stream'
import type { ChainLink, Position } from '../../../src/core/backup/chain-link.ts'
import type { Parent, Snapshot, SnapshotRequest } from '../../../src/core/ports/source.ts'
import type { SourceKind } from '../../../src/core/ports/source-kind.ts'
import { lastLink } from '../../../src/core/restore/restorable.ts'
import type { Rehearser } from '../../../src/core/restore/rehearsal.ts'
import type { Restorer } from '../../../src/core/restore/restore.ts'
import { bodyOf, digestOf } from '../streams.ts'
import { assessText, memoryInspector, memoryKind, MemorySource, textOf } from './memory-source.ts'

interface Index {
  readonly sha256: string
  readonly size: number
}

/**
 * A text in memory to which something is added. An increment has what was added since its parent, whose index names how
 * much there was, and its digest; where that changed, none can be made.
 */
export class GrowingSource extends MemorySource {
  override readonly kind: string = 'growing'
  /** The full backups so far. */
  chains = 0

  constructor (name: string) {
    super(name, { hasIndex: true })
  }

  add (text: string): void {
    this.bytes = Buffer.concat([this.bytes, Buffer.from(text)])
  }

  async obstacle (parent: Parent, signal: AbortSignal): Promise<string | null> {
    const { size, sha256 } = await indexOf(parent, signal)
    return digestOf(this.bytes.subarray(0, size)).sha256 === sha256 ? null : 'the text from before was changed'
  }

  override async snapshot (request: SnapshotRequest, signal: AbortSignal): Promise<Snapshot> {
    signal.throwIfAborted()
    const whole = this.bytes
    const { sha256 } = digestOf(whole)
    const { parent } = request
    const start = parent === null ? 0 : (await indexOf(parent, signal)).size
    return this.taken(
      {
        bytes: whole.subarray(start),
        rows: whole.length,
        details: { whole: sha256 },
        link: this.link(parent, whole.length)
      },
      sha256,
      signal
    )
  }

  /** Put another in its place to give a wrong one. */
  link (parent: Parent | null, size: number): ChainLink {
    const [from, to]: [Position, Position] = [positionOf(size), positionOf(size)]
    return parent?.link == null
      ? { chain: `${this.name}-${++this.chains}`, lineage: this.name, parent: null, depth: 0, from, to }
      : { ...parent.link, parent: parent.name, depth: parent.link.depth + 1, from, to }
  }

  override index (sha256: string): Readable {
    return bodyOf(Buffer.from(JSON.stringify({ sha256, size: this.bytes.length } satisfies Index)))
  }
}

async function indexOf (parent: Parent, signal: AbortSignal): Promise<Index> {
  return await json(await parent.open('index', signal)) as Index
}

function positionOf (size: number): Position {
  return size.toString(16).padStart(16, '0')
}

/** Puts the text together, and tries assertions on it. */
export const growingRehearser: Rehearser = {
  space: chain => chain.reduce((sum, { image }) => sum + image.size, 0),
  async rehearse (restorable, signal) {
    const text = (await textOf(restorable, signal)).toString('latin1')
    const { images, manifest } = lastLink(restorable)
    return {
      checks: signal => memoryInspector.inspect(images, manifest.facts, signal),
      assess: async assertions => assessText(text, assertions),
      close: async () => {}
    }
  }
}

/** The kind of growing sources; `restorer` is theirs. */
export function growingKind (restorer: Restorer): SourceKind {
  return {
    ...memoryKind(restorer),
    name: 'growing',
    label: 'growing text in memory',
    methods: ['full', 'incremental'],
    loadTools: async () => ({
      source: name => new GrowingSource(name),
      inspector: memoryInspector,
      restorer,
      rehearser: growingRehearser,
      rows: null,
      tree: null,
      query: null,
      export: null
    })
  }
}
