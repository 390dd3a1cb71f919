import type { ImageOutline, PlainImage, Placement } from '../../core/restore/restore.ts'
import type { FailedMessage } from './protocol.ts'

/** What a restore child is told. */
export type RestoreTask = CheckTask | PlaceTask

/** To find out only what stands in the way. */
export interface CheckTask {
  readonly type: 'check'
  readonly image: ImageOutline
  readonly placement: Placement
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
  | FailedMessage
