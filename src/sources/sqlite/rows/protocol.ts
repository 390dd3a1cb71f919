import type { ExportedTable, ExportRequest } from '../../../core/ports/export.ts'
import type { DiffOptions, Difference, Rescue, RescueOptions, RowSelection } from '../../../core/restore/rows.ts'
import type { FailedMessage } from '../protocol.ts'

/** What a child for rows is told. */
export type RowsTask =
  | {
    readonly type: 'diff'
    readonly before: string
    readonly after: { readonly path: string, readonly isLive: boolean }
    readonly request: DiffOptions
  }
  | { readonly type: 'plan' | 'rescue', readonly image: string, readonly live: string, readonly request: RescueOptions }
  | { readonly type: 'extract', readonly image: string, readonly selection: RowSelection, readonly file: string }

export type RowsMessage =
  | { readonly type: 'difference', readonly difference: Difference }
  | { readonly type: 'rescue', readonly rescue: Rescue }
  | { readonly type: 'extracted', readonly rows: number }
  | FailedMessage

/** The task of a child that exports rows, which go through `IMAGE_FD`. */
export interface ExportTask {
  readonly path: string
  readonly isLive: boolean
  readonly request: ExportRequest
}

export type ExportMessage = ({ readonly type: 'exported' } & ExportedTable) | FailedMessage
