import type { BackupMethod } from '../backup/backup.ts'
import type { ErrorCode } from '../errors.ts'
import type { Rehearser } from '../restore/rehearsal.ts'
import type { RestoreMode, Restorer, RestoreTargets } from '../restore/restore.ts'
import type { RowTool } from '../restore/rows.ts'
import type { Salvage } from '../restore/salvage.ts'
import type { TreeTool } from '../restore/tree.ts'
import type { MakeSample } from '../sample.ts'
import type { ExportTool } from './export.ts'
import type { FieldProblem, FieldValues, Fields } from './field.ts'
import type { SourceFinding } from './finding.ts'
import type { QueryTool } from './query.ts'
import type { Inspector, SnapshotFacts, Source } from './source.ts'

/** What the tools of every kind are given. */
export interface KindContext {
  /** For temporary files; removed when the process ends. */
  readonly scratchDir: string
  /** What a process that reads a source may take: milliseconds, and bytes of memory. */
  readonly limits: { readonly timeout: number, readonly memory: number }
  /** The settings of the service that only kinds of sources use, by their keys. Default: none is set. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Another kind by its name, for a kind whose sources consist of others; undefined: there is none of that name. */
  readonly kindNamed: (name: string) => LoadedKind | undefined
}

/** What works on sources, images and backups of one kind. */
export interface KindTools<F extends Fields = Fields> {
  /** `values`: with what is required. Opens nothing yet. */
  source(name: string, values: FieldValues<F>): Source
  readonly inspector: Inspector
  /** null: backups of this kind are restored member by member, each by its own kind. */
  readonly restorer: Restorer | null
  /** Of a kind whose targets are no paths. Default: targets are absolute paths. */
  readonly targets?: RestoreTargets
  readonly rehearser: Rehearser
  /** null: backups of this kind have no rows. */
  readonly rows: RowTool | null
  /** null: backups of this kind have no files that could be listed and restored one by one. */
  readonly tree: TreeTool | null
  /** null: backups of this kind cannot be queried. */
  readonly query: QueryTool | null
  /** null: sources of this kind have no tables whose rows could be exported. */
  readonly export: ExportTool | null
}

/**
 * Everything that the service knows of one kind of source. A new kind is a folder in `sources` and a line in
 * `sources/index.ts`; nothing else names it. The description is small, for the configuration needs no more; the tools
 * are loaded when the engine is made.
 */
export interface SourceKind<F extends Fields = Fields> {
  /** As holdfast.yaml and manifests name it: `sqlite`, `directory`. */
  readonly name: string
  /** For people: `SQLite database`. */
  readonly label: string
  /** What a source of it is, in a sentence: `the database`, `the directory`. Without the article. */
  readonly noun: string
  /** The fields that only this kind has. */
  readonly fields: F
  /** The fields that a source cannot be without. */
  readonly required: ReadonlyArray<keyof F & string>
  /** What a source takes from the settings of the service where it leaves a field out: keys of both. */
  readonly inherited: Readonly<Partial<Record<keyof F & string, string>>>
  /** The setting that makes a source without holdfast.yaml, and the field that it gives; null: there is none. */
  readonly setting:
    | {
      readonly key: string
      readonly field: keyof F & string
      /** The name that the source gets, of any characters: `./workstation.db` is the source `workstation`. */
      readonly nameOf: (values: FieldValues<F>) => string
    }
    | null
  /** What is wrong with the values together, with the field to correct; empty: nothing. Touches nothing. */
  validate(values: FieldValues<F>): ReadonlyArray<FieldProblem<keyof F & string>>
  /** Where the source is, for people; never a secret. */
  place(values: FieldValues<F>): string
  /** Where the source is on this machine, each path with its field, so that nothing else gets in its way. */
  paths(values: FieldValues<F>): ReadonlyArray<{ readonly field: keyof F & string, readonly path: string }>
  /**
   * The names of the sources of which a source of this kind consists. A kind with it is configured under `sets`, and
   * its backups have members (core/backup/members.ts). Default: it is no such kind.
   */
  readonly membersOf?: (values: FieldValues<F>) => readonly string[]
  /** What stands next to a source under its name; null: nothing does. */
  readonly companions: Companions | null
  /**
   * What speaks against the query of an assertion, as far as its text alone shows; undefined: nothing. Completes
   * `the query …`. null: there are no assertions on sources of this kind. `parameters`: those that the query may have;
   * default: `:at`.
   */
  readonly assertionProblem: ((query: string, parameters?: readonly string[]) => string | undefined) | null
  /** Bytes of one image, as far as can be told beforehand; 0: there is nothing there. */
  readonly size: (values: FieldValues<F>) => Promise<number>
  /**
   * What `holdfast doctor` looks at, by the name of the check: how the source is kept, and whether it can be read.
   * `rights` comes with the rights of the service, the others in this order. Changes nothing.
   */
  readonly examinations: Readonly<Record<string, Examination<F>>>
  /**
   * Codes of a backup that could not be made: `empty`, there is nothing there that could be lost; `damaged`, there is
   * something, and it cannot be backed up as it is. Then a restore over it may go on without a safety backup.
   */
  readonly unsecurable: { readonly empty: readonly ErrorCode[], readonly damaged: readonly ErrorCode[] }
  /** How a backup is put back into the source itself, the default first. */
  readonly modes: readonly [RestoreModeSummary, ...RestoreModeSummary[]]
  /** The content of a backup by its facts, for people: `3 files, 14 kB`. Default: the numbers of tables and rows. */
  readonly describeContent?: (facts: Pick<SnapshotFacts, 'tables'>) => string
  /** Of an image, for downloads: `application/vnd.sqlite3`. */
  readonly contentType: string
  /**
   * The end of the file name of the plain main part, by which a file without a manifest is known to be of this kind.
   * Default: no file is.
   */
  readonly extension?: string
  readonly byHand: RestoreByHand
  /** What `holdfast salvage` does with a damaged source; null: it cannot be done. */
  readonly salvage: Salvage | null
  /** What `holdfast sample` makes; null: there is no sample of this kind. */
  readonly sample: MakeSample | null
  /** What `create` may ask for, the default first. */
  readonly methods: readonly [BackupMethod, ...BackupMethod[]]
  /** Loads the code of the kind. Touches no source. */
  readonly loadTools: (context: KindContext) => Promise<KindTools<F>>
}

/** The part of a kind that the API shows. */
export type KindOutline = Pick<SourceKind, 'noun' | 'modes'>

export type Examination<F extends Fields> = (values: FieldValues<F>) => Promise<readonly SourceFinding[]>

/** Files that stand next to a source, under its name with a suffix. */
export interface Companions {
  /** What makes and removes them: `SQLite`. */
  readonly software: string
  /** `-wal`. */
  readonly suffixes: readonly string[]
  /** Those of them that have content only while the source is in use: a backup has none. */
  readonly inUse: readonly string[]
}

export interface RestoreModeSummary {
  /** Neither `file` nor `scratch`. */
  readonly name: RestoreMode
  /** What it does, in a few words. */
  readonly summary: string
  /**
   * Whether it writes into the existing source. A mode that does not can also restore a source that is missing, or too
   * damaged for a safety backup: the previous content is kept under another name.
   */
  readonly needsSource: boolean
}

/** How a backup is restored without this program, by tools that every distribution has. */
export interface RestoreByHand {
  /** The program that opens an image: `sqlite3`. */
  readonly tool: string
  /** RESTORE.txt, after the image was unpacked: whole lines of at most 76 characters. `$B` is the plain main part. */
  readonly note: string
  /** The recovery card: the command that looks into the image `backup.db`. */
  readonly command: string
}

/** Fixes the types of the fields within the folder of a kind, and forgets them for the list. */
export function sourceKind<const F extends Fields> (kind: SourceKind<F>): SourceKind {
  return kind as unknown as SourceKind
}

/** A kind with its tools. */
export type LoadedKind = Omit<SourceKind, 'loadTools'> & KindTools

/** The kinds by their names, each with its tools, in the same order. */
export async function loadKinds (
  kinds: readonly SourceKind[],
  context: Omit<KindContext, 'kindNamed'>
): Promise<ReadonlyMap<string, LoadedKind>> {
  let loaded: ReadonlyMap<string, LoadedKind> = new Map()
  const whole: KindContext = { ...context, kindNamed: name => loaded.get(name) }
  loaded = new Map(
    await Promise.all(
      kinds.map(async ({ loadTools, ...kind }): Promise<[string, LoadedKind]> => [kind.name, {
        ...kind,
        ...await loadTools(whole)
      }])
    )
  )
  return loaded
}
