import { extname, join } from 'node:path'
import type { Manifest } from '../../../core/backup/manifest.ts'
import { memberManifest, requireMember, type Member, type SetDetails } from '../../../core/backup/members.ts'
import { isSourceName } from '../../../core/backup/object-key.ts'
import { BackupError } from '../../../core/errors.ts'
import type { LoadedKind, RestoreModeSummary } from '../../../core/ports/source-kind.ts'
import type { ProtectedSource } from '../../../core/protected-source.ts'
import { modesOf } from '../../../core/restore/modes.ts'
import type { Placement, Restorer } from '../../../core/restore/restore.ts'
import type { EngineDeps } from '../../deps.ts'
import { requireKind } from '../../require-kind.ts'
import {
  allowedTarget,
  asideOf,
  requireRestorer,
  selectedPaths,
  sourceItself,
  sourcePath,
  targetPath,
  TIMEOUT,
  databaseOptions,
  type ReadableBackup,
  type RestoreRequest
} from '../restore-plan.ts'
import { followedTarget } from '../target.ts'

/** What a file gets of the name of its source, which the manifest has. */
const EXTENSION = /^\.[a-z0-9]{1,16}$/i

/** A member of a backup, and where it is put. */
export interface MemberPlan {
  readonly member: Member
  /** Of the member alone. */
  readonly manifest: Manifest
  readonly restorer: Restorer
  readonly placement: Placement
  /** The source that the member is restored into; undefined: it gets a path of its own. */
  readonly inPlace: ProtectedSource | undefined
  /** As in `RestorePlan`. */
  readonly modes: readonly RestoreModeSummary[]
}

/** What of a backup of a set is restored where. */
export interface SetPlan extends ReadableBackup {
  /** At least one. */
  readonly members: readonly MemberPlan[]
  /** The directory that gets several of them; null: each is restored into its source, or the only one to a path. */
  readonly directory: string | null
  readonly verify: boolean
  readonly actor: string | null
}

/**
 * Plans the restore of members of a set. Rejects as `singlePlan` does for each of them, and with `VALIDATION_FAILED`
 * for a member that the backup does not have and for options that do not fit several members, and
 * `MANIFEST_INVALID` for a name that no source can have.
 */
export async function setPlan (
  deps: EngineDeps,
  { backup, manifest, details }: ReadableBackup & { readonly details: SetDetails },
  request: RestoreRequest
): Promise<SetPlan> {
  const chosen = chosenMembers(details, request.members)
  const isOne = request.members !== undefined && chosen.length === 1
  if (!isOne) requireWhole(request)
  const path = await targetOf(deps, chosen, isOne, request)
  const members: MemberPlan[] = []
  for (const member of chosen) {
    const kind = requireKind(deps, member.kind)
    const own = memberManifest(manifest, member)
    members.push(
      path === undefined
        ? await inPlacePlan(deps, { member, manifest: own, kind }, backup, request)
        : toPath({ member, manifest: own, kind }, isOne ? path : join(path, fileNameOf(member, kind)), request)
    )
  }
  if (path === undefined) requireMode(deps, chosen, request)
  return {
    backup,
    manifest,
    members: inOrder(members),
    directory: isOne ? null : path ?? null,
    verify: request.verify ?? true,
    actor: request.actor ?? null
  }
}

/**
 * The order in which members are placed: what a rename undoes comes first, and what can only be undone by another
 * restore, a database that stays in use, comes last.
 */
export function inOrder (members: readonly MemberPlan[]): readonly MemberPlan[] {
  const rank = (member: MemberPlan): number => member.restorer.undoneBy === 'aside' ? 0 : isInUse(member) ? 2 : 1
  return members.toSorted((one, other) => rank(one) - rank(other))
}

/** Whether it is written into the source that is there, so that a safety backup alone undoes it. */
export function isInUse ({ modes, placement }: MemberPlan): boolean {
  return modes.some(({ name, needsSource }) => name === placement.mode && needsSource)
}

function chosenMembers (details: SetDetails, names: RestoreRequest['members']): readonly Member[] {
  for (const { name } of details.members) {
    if (isSourceName(name)) continue
    throw new BackupError('MANIFEST_INVALID', `the manifest of the set is not valid: a member has the name "${name}"`)
  }
  if (names === undefined) return details.members
  const [first] = details.members
  if (names.length === 0) {
    throw new BackupError('VALIDATION_FAILED', '"members" is empty', {
      hint: `Name at least one, such as "${first.name}", or omit it.`
    })
  }
  return [...new Set(names)].map(name => requireMember(details, name))
}

/** Throws `VALIDATION_FAILED` for what a restore of several members cannot have. */
function requireWhole ({ paths, overwrite, target }: RestoreRequest): void {
  if (paths !== undefined && paths.length > 0) {
    throw new BackupError('VALIDATION_FAILED', '"paths" selects files of one member, and several are restored', {
      hint: 'Name the member that has the files in "members".'
    })
  }
  if (overwrite === true && target !== undefined) {
    throw new BackupError('VALIDATION_FAILED', '"overwrite" is only valid for a restore of one member', {
      hint: 'Give a directory that does not exist or is empty as "target", or name one member in "members".'
    })
  }
}

/**
 * The target of one member, or the directory for several; undefined: there is none. Throws `VALIDATION_FAILED` where a
 * member cannot be put into a directory.
 */
async function targetOf (
  deps: EngineDeps,
  chosen: readonly Member[],
  isOne: boolean,
  request: RestoreRequest
): Promise<string | undefined> {
  if (request.target === undefined) return undefined
  const kinds = chosen.map(member => ({ kind: requireKind(deps, member.kind), source: member.name }))
  const [first] = kinds
  if (isOne && first !== undefined) return await targetPath(deps, first, request)
  const other = kinds.find(({ kind }) => kind.targets !== undefined)
  if (other === undefined) return followedTarget(await allowedTarget(deps, request.target, request))
  throw new BackupError(
    'VALIDATION_FAILED',
    `"target" is a directory for all members, and the member "${other.source}" is restored to a ${other.kind.noun}`,
    { hint: 'Name one member in "members", or restore the members one after the other.' }
  )
}

/** Throws `VALIDATION_FAILED` for a mode that no member has. */
function requireMode (deps: EngineDeps, chosen: readonly Member[], { mode }: RestoreRequest): void {
  if (mode === undefined) return
  const kinds = chosen.map(({ kind }) => requireKind(deps, kind))
  const [first] = kinds
  if (first !== undefined && !kinds.some(({ modes }) => modes.some(({ name }) => name === mode))) modesOf(first, mode)
}

interface KnownMember {
  readonly member: Member
  readonly manifest: Manifest
  readonly kind: LoadedKind
}

async function inPlacePlan (
  deps: EngineDeps,
  { member, manifest, kind }: KnownMember,
  backup: ReadableBackup['backup'],
  request: RestoreRequest
): Promise<MemberPlan> {
  const { mode, timeout = TIMEOUT } = request
  const inPlace = await sourceItself(deps, { id: backup.id, source: member.name })
  if (inPlace.source.kind !== member.kind) {
    throw new BackupError(
      'RESTORE_TARGET_INVALID',
      `the source "${member.name}" has the kind "${inPlace.source.kind}", and the backup has a "${member.kind}"`,
      { hint: 'Give a directory to restore to as "target".' }
    )
  }
  selectedPaths(kind, request)
  const path = sourcePath(kind, inPlace.source.location)
  // A directory is replaced also where the databases of the set are restored in another mode.
  const isOffered = request.members?.length === 1 || kind.modes.some(({ name }) => name === mode)
  const modes = modesOf(kind, isOffered ? mode : undefined)
  return {
    member,
    manifest,
    restorer: requireRestorer(kind),
    placement: {
      mode: modes[0]?.name ?? 'file',
      path,
      overwrite: false,
      timeout,
      aside: asideOf(kind, path),
      isConfined: request.isConfined ?? false,
      ...databaseOptions(kind, request)
    },
    inPlace,
    modes
  }
}

function toPath ({ member, manifest, kind }: KnownMember, path: string, request: RestoreRequest): MemberPlan {
  const only = selectedPaths(kind, request)
  return {
    member,
    manifest,
    restorer: requireRestorer(kind),
    placement: {
      mode: 'file',
      path,
      overwrite: request.overwrite ?? false,
      timeout: request.timeout ?? TIMEOUT,
      aside: asideOf(kind, path),
      isConfined: request.isConfined ?? false,
      ...only !== undefined && { only },
      ...databaseOptions(kind, request)
    },
    inPlace: undefined,
    modes: []
  }
}

/**
 * The name of the member in a directory with the others: a single file keeps the extension of its source, as in
 * `audit.db`; a tree has none.
 */
function fileNameOf ({ name, location, facts }: Member, { tree }: LoadedKind): string {
  const isFile = tree === null || facts.properties.content === 'file'
  const extension = isFile ? extname(location) : ''
  return EXTENSION.test(extension) ? name + extension : name
}
