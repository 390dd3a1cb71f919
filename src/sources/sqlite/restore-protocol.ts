import type { SnapshotFacts } from '../../core/ports/source.ts'
import type { Holder, Placement } from '../../core/restore/restore.ts'
import type { FailedMessage } from './protocol.ts'

/** What a restore child is told. */
export type RestoreTask = CheckTask | PlaceTask | HoldersTask

/** To find out only what stands in the way. */
export interface CheckTask {
  readonly type: 'check'
  readonly image: ImageOutline
  readonly placement: Placement
}

/** To find out who has the database open. */
export interface HoldersTask {
  readonly type: 'holders'
  readonly path: string
}

export interface PlaceTask {
  readonly type: 'place'
  readonly image: PlainImage
  readonly placement: Placement
  /** A path that does not exist yet, for an image that has to be changed first. */
  readonly scratch: string
}

export type RestoreMessage =
  | { readonly type: 'progress', readonly bytes: number }
  /** The content is in its place from here on. */
  | {
    readonly type: 'placed'
    readonly bytes: number
    readonly isOldKept: boolean
    readonly warnings: readonly string[]
  }
  /** What a look through the restored database found. `damage` is null where its structure is sound. */
  | { readonly type: 'inspected', readonly damage: string | null, readonly warnings: readonly string[] }
  | { readonly type: 'checked' }
  | { readonly type: 'held', readonly holders: readonly Holder[] }
  | FailedMessage

export interface PlainImage {
  /**
   * A file. For `live` nobody else can change it; for `replace` and `file` its bytes are compared with the digest as
   * they are placed.
   */
  readonly path: string
  /** Of its bytes, in hex. */
  readonly sha256: string
  /** As the facts of its snapshot have them; left out: not known. */
  readonly properties?: SnapshotFacts['properties']
}

/** What is known of an image before it is at hand. */
export interface ImageOutline {
  /** In bytes. */
  readonly size: number
  /** As the facts of its snapshot have them. */
  readonly properties: SnapshotFacts['properties']
}
