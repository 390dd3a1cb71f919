import type { BackupMethod } from '../backup/backup.ts'
import type { Assessor } from '../restore/drill.ts'
import type { Restorer } from '../restore/restore.ts'
import type { RowTool } from '../restore/rows.ts'
import type { Inspector, Source } from './source.ts'

/** What the tools of every kind are given. */
export interface KindContext {
  /** For temporary files; removed when the process ends. */
  readonly scratchDir: string
  /** What a process that reads a source may take: milliseconds, and bytes of memory. */
  readonly limits: { readonly timeout: number, readonly memory: number }
}

/** The values of a source's own fields, by their keys; undefined: the source leaves it out. */
export type FieldValues = Readonly<Record<string, unknown>>

/** What works on sources, images and backups of one kind. */
export interface KindTools {
  /** Opens nothing yet. */
  source(name: string, values: FieldValues): Source
  readonly inspector: Inspector
  readonly restorer: Restorer
  /** null: backups of this kind hold nothing that an assertion could be about. */
  readonly assessor: Assessor | null
  /** null: backups of this kind have no rows. */
  readonly rows: RowTool | null
}

/**
 * Everything that the service knows of one kind of source. A new kind is a folder in `sources` and a line in
 * `sources/index.ts`; nothing else names it. The description is small, for the configuration needs no more; the tools
 * are loaded when the engine is made.
 */
export interface SourceKind {
  /** As holdfast.yaml and manifests name it: `sqlite`, `directory`. */
  readonly name: string
  /** For people: `SQLite database`. */
  readonly label: string
  /** What `create` may ask for, the default first. */
  readonly methods: readonly [BackupMethod, ...BackupMethod[]]
  /** Loads the code of the kind. Touches no source. */
  readonly loadTools: (context: KindContext) => Promise<KindTools>
}

/** A kind with its tools. */
export type LoadedKind = Omit<SourceKind, 'loadTools'> & KindTools

/** The kinds by their names, each with its tools, in the same order. */
export async function loadKinds (
  kinds: readonly SourceKind[],
  context: KindContext
): Promise<ReadonlyMap<string, LoadedKind>> {
  return new Map(
    await Promise.all(
      kinds.map(async ({ loadTools, ...kind }): Promise<[string, LoadedKind]> => [kind.name, {
        ...kind,
        ...await loadTools(context)
      }])
    )
  )
}
