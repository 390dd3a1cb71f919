import { randomUUID } from 'node:crypto'
import { isAbsolute } from 'node:path'
import type { Backup } from '../../core/backup/backup.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { BackupError, toBackupError } from '../../core/errors.ts'
import type { Task } from '../../core/job.ts'
import type { LoadedKind, RestoreModeSummary } from '../../core/ports/source-kind.ts'
import type { ProtectedSource } from '../../core/protected-source.ts'
import { isIncrement } from '../../core/recovery/chain.ts'
import { planRecovery } from '../../core/recovery/plan.ts'
import { modesOf } from '../../core/restore/modes.ts'
import type { Placement, RestoreMode, Restorer } from '../../core/restore/restore.ts'
import { followedPath } from '../../files/followed-path.ts'
import { requireOpener } from '../artifacts/decryption.ts'
import { linksOf } from '../artifacts/links.ts'
import { trustedManifest, requireObject } from '../artifacts/objects.ts'
import type { EngineDeps } from '../deps.ts'
import { requireKind } from '../require-kind.ts'
import { requireTree } from './files.ts'
import { sourceInside } from './target-guard.ts'
import { confinedTarget, followedTarget, requireNoMode, requireTarget } from './target.ts'

export interface RestoreRequest {
  /** An absolute path, or what `RestoreTargets` of the kind accept. Default: the source itself. */
  readonly target?: string | undefined
  /**
   * Whether `target` must be in one of the directories that the configuration names, as for callers who have no shell.
   * Default: not.
   */
  readonly isConfined?: boolean | undefined
  /**
   * For the source itself. Default: the first mode of its kind or, if the source is missing, a mode that does not need
   * it.
   */
  readonly mode?: RestoreMode | undefined
  /**
   * Only what one of these patterns matches is restored, to `target`. For kinds whose backups consist of files.
   * Default: everything.
   */
  readonly paths?: readonly string[] | undefined
  /**
   * Of the backup of a set: only these members. One is restored as a backup of that source, several to the directory
   * `target`. Default: all.
   */
  readonly members?: readonly string[] | undefined
  /** Whether a file at `target` may give way. */
  readonly overwrite?: boolean | undefined
  /** Of a database: only the data of these tables, and of the tables in these schemas, to `target`. Default: all. */
  readonly tables?: readonly string[] | undefined
  readonly schemas?: readonly string[] | undefined
  /** false: owners and privileges of the objects in a database are left out. Default: they are restored. */
  readonly owners?: boolean | undefined
  /** false: only its digest is checked first, not what is in it. */
  readonly verify?: boolean | undefined
  /** How long to wait for those who hold the database, in milliseconds. Default: 15 seconds. */
  readonly timeout?: number | undefined
  /** Who asks for it. */
  readonly actor?: string | undefined
}

/** How long a restore waits for those who hold the database, where the request says nothing. Milliseconds. */
export const TIMEOUT = 15_000

/** A backup that can be read here, as far as the catalog knows. */
export interface ReadableBackup {
  readonly backup: Backup
  readonly manifest: Manifest
}

/** What is to be put where. */
export interface RestorePlan extends ReadableBackup {
  readonly restorer: Restorer
  readonly placement: Placement
  /** undefined: to a path of its own, where nothing stands that would have to be secured. */
  readonly inPlace: ProtectedSource | undefined
  /** The modes that may be used, the preferred one first; empty for a restore to another path. */
  readonly modes: readonly RestoreModeSummary[]
  readonly verify: boolean
  readonly actor: string | null
}

/**
 * Rejects with `BACKUP_NOT_FOUND`, `BACKUP_NOT_COMPLETED`, `BACKUP_DELETED`, `MANIFEST_UNSIGNED`, `KEY_MISSING`, and
 * `CHAIN_BROKEN` where something is not there that the backup is built on.
 */
export async function readableBackup (deps: EngineDeps, id: number): Promise<ReadableBackup> {
  const backup = await deps.catalog.backups.get(id)
  requireObject(backup)
  await requireLinks(deps, backup)
  const manifest = await trustedManifest(deps, id)
  requireOpener(deps.keyring, manifest)
  return { backup, manifest }
}

/**
 * What can be told before anything is begun. Rejects with `SOURCE_NOT_FOUND` where the source is no longer configured
 * and no path is given, `METHOD_UNSUPPORTED` for a kind that this version cannot restore, `VALIDATION_FAILED`,
 * `RESTORE_TARGET_INVALID` for what is ours and for a link that is not followed,
 * `SOURCE_LINK_REFUSED` where such a link leads to the source, and `RESTORE_TARGET_FORBIDDEN` for what is not allowed
 * to a confined caller.
 */
export async function singlePlan (
  deps: EngineDeps,
  { backup, manifest }: ReadableBackup,
  request: RestoreRequest
): Promise<RestorePlan> {
  if (request.members !== undefined) {
    throw new BackupError('VALIDATION_FAILED', `"members" is given, and backup ${backup.id} is not one of a set`, {
      hint: 'Omit "members".'
    })
  }
  const kind = requireKind(deps, manifest.source.kind)
  const { mode, overwrite = false, verify = true, timeout = TIMEOUT, actor = null } = request
  const only = selectedPaths(kind, request)
  const inPlace = request.target === undefined ? await sourceItself(deps, backup) : undefined
  const modes = inPlace === undefined ? [] : modesOf(kind, mode)
  const path = inPlace === undefined
    ? await targetPath(deps, { kind, source: backup.source }, request)
    : sourcePath(kind, inPlace.source.location)
  return {
    backup,
    manifest,
    restorer: requireRestorer(kind),
    placement: {
      mode: modes[0]?.name ?? 'file',
      path,
      overwrite,
      timeout,
      aside: asideOf(kind, path),
      isConfined: request.isConfined ?? false,
      ...only !== undefined && { only },
      ...databaseOptions(kind, request)
    },
    inPlace,
    modes,
    verify,
    actor
  }
}

/** Throws `METHOD_UNSUPPORTED` for a kind whose backups are restored member by member. */
export function requireRestorer ({ name, restorer }: LoadedKind): Restorer {
  if (restorer !== null) return restorer
  throw new BackupError('METHOD_UNSUPPORTED', `backups of the kind "${name}" are restored member by member`)
}

/** Throws `METHOD_UNSUPPORTED` for a kind without files, `VALIDATION_FAILED` for the source itself as the target. */
export function selectedPaths (kind: LoadedKind, { paths, target }: RestoreRequest): readonly string[] | undefined {
  if (paths === undefined || paths.length === 0) return undefined
  requireTree(kind)
  if (target !== undefined) return paths
  throw new BackupError('VALIDATION_FAILED', '"paths" selects files, and "target" is missing', {
    hint: 'Give a new directory for them as "target"; copy them from there into the source.'
  })
}

/** Where a source is, for a placement. */
export function sourcePath ({ targets }: Pick<LoadedKind, 'targets'>, location: string): string {
  return targets === undefined ? followedPath(location) : location
}

/** A new name next to the target, for what is there now. */
export function asideOf ({ targets }: Pick<LoadedKind, 'targets'>, path: string): string {
  return targets?.aside(path) ?? `${path}.before-${randomUUID().slice(0, 8)}`
}

/**
 * What only kinds with `RestoreTargets` have. Throws `METHOD_UNSUPPORTED` for others, and `VALIDATION_FAILED` for
 * chosen tables without a target.
 */
export function databaseOptions (
  { name, targets }: Pick<LoadedKind, 'name' | 'targets'>,
  { owners = true, tables = [], schemas = [], target }: RestoreRequest
): Pick<Placement, 'isWithoutOwners' | 'objects'> {
  const given = tables.length > 0 ? 'tables' : schemas.length > 0 ? 'schemas' : owners ? undefined : 'owners'
  if (given === undefined) return {}
  if (targets === undefined) {
    throw new BackupError('METHOD_UNSUPPORTED', `"${given}" is not supported for backups of the kind "${name}"`, {
      hint: `Omit "${given}".`
    })
  }
  const isWithoutOwners = !owners
  if (tables.length + schemas.length === 0) return { isWithoutOwners }
  if (target !== undefined) return { isWithoutOwners, objects: { tables, schemas } }
  throw new BackupError('VALIDATION_FAILED', `"${given}" selects tables, and "target" is missing`, {
    hint: 'Give the name of a new database as "target"; copy the rows from there into the source.'
  })
}

/** Where a backup of a source is restored to, from `target`. Rejects as `RestoreTargets.parse` or `allowedTarget`. */
export async function targetPath (
  deps: EngineDeps,
  { kind, source }: { readonly kind: LoadedKind, readonly source: string },
  request: RestoreRequest
): Promise<string> {
  const { target = '', mode, isConfined = false } = request
  if (kind.targets === undefined) return followedTarget(await allowedTarget(deps, target, request))
  requireNoMode(mode)
  return kind.targets.parse(target, { source, isConfined })
}

export async function allowedTarget (
  deps: EngineDeps,
  target: string,
  { mode, isConfined = false }: RestoreRequest
): Promise<string> {
  await requireTarget(deps, target, mode)
  if (!isConfined) return target
  const path = await confinedTarget(deps, target)
  // What ".." leads to depends on whether links before it are followed: what counts is the path that is written to.
  await requireTarget(deps, path, mode)
  return path
}

/** What is built on nothing, and needs no captured log, needs no plan. */
async function requireLinks (deps: EngineDeps, backup: Backup): Promise<void> {
  const { source, link } = backup
  const needed = link !== null && link.from < link.to ? link : undefined
  if (!isIncrement(backup) && needed === undefined) return
  const backups = await linksOf(deps, backup)
  const segments = needed === undefined
    ? []
    : await deps.catalog.segments.list({ source, lineage: needed.lineage, from: needed.from, to: needed.to })
  planRecovery({ backups, segments, until: null }, { kind: 'backup', id: backup.id }, deps.clock.now())
}

/**
 * The source that a backup is of, to be written into. Throws `SOURCE_NOT_FOUND`, and `RESTORE_TARGET_INVALID` for the
 * catalog and for a directory that contains another source.
 */
export async function sourceItself (
  deps: EngineDeps,
  { id, source: name }: Pick<Backup, 'id' | 'source'>
): Promise<ProtectedSource> {
  const found = deps.sources.get(name)
  if (found === undefined) {
    throw new BackupError('SOURCE_NOT_FOUND', `the source "${name}" of backup ${id} is no longer configured`, {
      hint: 'Give a path to restore to, or configure the source again.'
    })
  }
  // What is not on a disk of this machine is in the way of nothing there.
  if (!isAbsolute(found.source.location)) return found
  const owner = await deps.ownerOf(found.source.location)
  if (owner?.source === null) {
    throw new BackupError('RESTORE_TARGET_INVALID', `"${found.source.location}" is ${owner.what}, which is in use`, {
      hint: 'Restore it to another path. A lost catalog is rebuilt automatically from the manifests.'
    })
  }
  const inside = await sourceInside(found.source.location, [...deps.sources.values()].map(({ source }) => source))
  if (inside === undefined) return found
  throw new BackupError(
    'RESTORE_TARGET_INVALID',
    `"${found.source.location}" contains the source "${inside.name}", which would be replaced together with it`,
    { hint: 'Restore to a new directory with "--output" or "target", and copy the files from there.' }
  )
}

/**
 * Throws what stands in the way. If there is no source at all, a mode that does not need it is used, unless the request
 * named another mode.
 */
export async function feasible (plan: RestorePlan, task: Task): Promise<RestorePlan> {
  task.phase('probing')
  try {
    await plan.restorer.check(plan.manifest, plan.placement, task.signal)
    return plan
  } catch (thrown) {
    const other = plan.modes.find(({ needsSource }) => !needsSource)
    if (other === undefined || toBackupError(thrown).code !== 'SOURCE_MISSING') throw thrown
    const instead: RestorePlan = { ...plan, placement: { ...plan.placement, mode: other.name } }
    await plan.restorer.check(plan.manifest, instead.placement, task.signal)
    return instead
  }
}
