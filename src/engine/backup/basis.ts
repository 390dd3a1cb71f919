import type { Backup } from '../../core/backup/backup.ts'
import type { ChainLink } from '../../core/backup/chain-link.ts'
import { partsOf, requirePart } from '../../core/backup/manifest.ts'
import { BackupError, toBackupError } from '../../core/errors.ts'
import type { Task } from '../../core/job.ts'
import type { Compression } from '../../core/ports/codec.ts'
import type { Parent, SnapshotRequest, Source } from '../../core/ports/source.ts'
import { chooseParent, type ChainPolicy } from '../../core/recovery/chain.ts'
import { checkChain } from '../artifacts/check-chain.ts'
import { requireOpener } from '../artifacts/decryption.ts'
import { Images } from '../artifacts/images.ts'
import { linksOf } from '../artifacts/links.ts'
import { readableLocation } from '../artifacts/locations.ts'
import { trustedManifest } from '../artifacts/objects.ts'
import { firstMismatch } from '../artifacts/verify-parts.ts'
import type { EngineDeps } from '../deps.ts'
import { baseLock } from '../jobs/locks.ts'

/** What a new backup starts from. */
export interface Basis {
  readonly request: SnapshotRequest
  /** The backups that it is built on, its parent first; empty for a full backup. */
  readonly ancestors: readonly Backup[]
  /** Why a full backup is made although an increment was asked for, as text; null: what was asked for is made. */
  readonly reason: string | null
  /** Until then no other job removes the parent. Safe to call twice. Never rejects. */
  release(): Promise<void>
}

export interface BasisRequest {
  readonly compression: Compression
  readonly method: 'full' | 'incremental'
  readonly chain: ChainPolicy
}

/**
 * Decides whether an increment can be made, and on what. Where it cannot, also because the parent cannot be read now,
 * the basis is that of a full backup, with the reason: a parent never keeps a source from being backed up. Throws only
 * the reason of an aborted task.
 */
export async function chooseBasis (
  deps: EngineDeps,
  source: Source,
  { compression, method, chain }: BasisRequest,
  task: Task
): Promise<Basis> {
  const full = (reason: string | null): Basis => ({
    request: { compression, method: 'full', parent: null },
    ancestors: [],
    reason,
    release: async () => {}
  })
  if (method === 'full') return full(null)
  try {
    const candidates = await deps.catalog.backups.existing(source.name)
    const { parent: chosen, reason } = chooseParent(candidates, chain, deps.clock.now())
    if (chosen === null) return full(reason)
    const lock = await deps.runner.lockWhenFree([baseLock(chosen.id)], task)
    let isHeld = false
    try {
      const ancestors = await linksOf(deps, await deps.catalog.backups.get(chosen.id))
      const found = await parentOf(deps, source, ancestors, task)
      if (typeof found === 'string') return full(found)
      isHeld = true
      return {
        request: { compression, method: 'incremental', parent: found },
        ancestors,
        reason: null,
        release: () => lock.release()
      }
    } finally {
      if (!isHeld) await lock.release()
    }
  } catch (thrown) {
    task.signal.throwIfAborted()
    return full(toBackupError(thrown).message)
  }
}

/** The parent for the source; as text: why no increment can be built on it. Throws what cannot be asked or read. */
async function parentOf (
  deps: EngineDeps,
  source: Source,
  [backup, ...ancestors]: readonly [Backup, ...Backup[]],
  task: Task
): Promise<Parent | string> {
  const { signal } = task
  const manifest = await trustedManifest(deps, backup.id)
  const name = { name: manifest.object.name, sha256: manifest.object.sha256 }
  const chain = await checkChain(deps, manifest.link === null ? null : name, [backup, ...ancestors], signal)
  if (chain?.status === 'fail') return chain.reason ?? 'its chain is broken'
  const indexes = partsOf(manifest).filter(({ isIndex }) => isIndex)
  if (indexes.length > 0) requireOpener(deps.keyring, manifest)
  const wrong = await firstMismatch(await readableLocation(deps, backup, signal), manifest, indexes, task)
  if (wrong !== undefined) return `backup ${backup.id} is damaged: ${wrong.message}`
  const parent: Parent = {
    name,
    facts: manifest.facts,
    link: manifest.link,
    async open (part, signal) {
      if (!requirePart(manifest, part).isIndex) throw notIndex(part)
      // It may have left the landing store since.
      const { store, key } = await readableLocation(deps, await deps.catalog.backups.get(backup.id), signal)
      return await new Images({ ...deps, store }, { key, manifest, isOwn: false }).open(part, signal)
    }
  }
  const obstacle = source.obstacle === undefined
    ? 'the source does not support incremental backups'
    : await source.obstacle(parent, signal)
  return obstacle ?? parent
}

function notIndex (part: string): BackupError {
  return new BackupError(
    'PART_NOT_FOUND',
    `an increment cannot read the part "${part}" of its parent: the part is not an index`
  )
}

/**
 * The link that the source gave. Throws `SOURCE_FAILED` unless a full backup starts a chain or has none, and an
 * increment is the next of the chain of its parent.
 */
export function requireLink (link: ChainLink | null, { parent }: SnapshotRequest, { name }: Source): ChainLink | null {
  const isRight = parent === null
    ? link === null || link.depth === 0
    : link !== null && parent.link !== null && link.depth === parent.link.depth + 1 &&
      link.chain === parent.link.chain && link.lineage === parent.link.lineage &&
      link.parent?.name === parent.name.name && link.parent.sha256 === parent.name.sha256
  if (isRight) return link
  throw new BackupError(
    'SOURCE_FAILED',
    `the source "${name}" returned a backup at the wrong position of its chain`,
    {
      hint: 'Make a full backup, and report this as a defect in the kind of source.'
    }
  )
}

/** The most characters that a description has, as the API takes it. */
export const DESCRIPTION = 1000

/** The description that was given, with the reason for which a full backup was made in place of an increment. */
export function describedBasis (description: string | null, { reason }: Basis): string | null {
  if (reason === null) return description
  const note = `Full instead of incremental: ${reason}`
  const both = description === null ? note : `${description} (${note})`
  return both.length > DESCRIPTION ? both.slice(0, DESCRIPTION) : both
}
