import type { Backup } from '../../core/backup/backup.ts'
import { partsOf, type Manifest } from '../../core/backup/manifest.ts'
import { BackupError } from '../../core/errors.ts'
import type { Restorable } from '../../core/restore/restorable.ts'
import { mismatch } from '../../pipeline/digest.ts'
import { digestObject } from '../../pipeline/read-object.ts'
import type { EngineDeps } from '../deps.ts'
import { isStoredPlain } from './decryption.ts'
import { partKey, withImages, type Images, type ImagesDeps, type ImagesRequest } from './images.ts'
import { readableLocation, type ObjectLocation } from './locations.ts'
import { trustedManifest } from './objects.ts'
import type { Progress } from './verify-parts.ts'

/** A backup of a chain, and where it is read. */
export interface LocatedLink {
  readonly manifest: Manifest
  readonly location: ObjectLocation
}

/**
 * What the backup is built on, the full backup first, each where it can be read now; empty for a full backup. Throws
 * `CHAIN_BROKEN` where one of them is gone, `MANIFEST_UNSIGNED`, or what `readableLocation` throws.
 */
export async function ancestorsOf (
  deps: EngineDeps,
  { id, parentId }: Pick<Backup, 'id' | 'parentId'>,
  { link }: Manifest,
  signal: AbortSignal
): Promise<readonly LocatedLink[]> {
  if (link === null || link.parent === null) return []
  const parent = parentId === null ? undefined : await deps.catalog.backups.get(parentId)
  const manifest = parent === undefined ? undefined : await deps.catalog.backups.manifest(parent.id)
  if (parent === undefined || manifest === undefined || manifest.object.sha256 !== link.parent.sha256) {
    throw new BackupError('CHAIN_BROKEN', `backup ${id} is built on "${link.parent.name}", which is not there`, {
      hint: 'Restore another backup; rebuild the catalog where a store still has that file.'
    })
  }
  deps.signing.require(manifest)
  return [
    ...await ancestorsOf(deps, parent, manifest, signal),
    { manifest, location: await readableLocation(deps, parent, signal) }
  ]
}

export type ChainRequest = Pick<ImagesRequest, 'isOwn' | 'requireRoom' | 'onUnpack' | 'onBytes'>

/**
 * Lets `work` use a chain of backups, and removes what was unpacked for it, whatever happens. `last` are the images of
 * the last one. Rejects with what `work` rejects with.
 */
export async function withChain<T> (
  deps: Omit<ImagesDeps, 'store'>,
  [first, ...others]: readonly [LocatedLink, ...LocatedLink[]],
  request: ChainRequest,
  work: (restorable: Restorable, last: Images) => Promise<T>,
  signal: AbortSignal
): Promise<T> {
  const opened = async (
    { manifest, location: { store, key } }: LocatedLink,
    rest: readonly LocatedLink[],
    before: Restorable['links'] | readonly []
  ): Promise<T> =>
    await withImages({ ...deps, store }, { ...request, key, manifest }, async images => {
      const links: Restorable['links'] = [...before, { manifest, images }]
      const [next, ...after] = rest
      return next === undefined ? await work({ links }, images) : await opened(next, after, links)
    }, signal)
  return await opened(first, others, [])
}

/** The manifest and the place of the backup after those that it is built on. Throws as `ancestorsOf` does. */
export async function chainOf (
  deps: EngineDeps,
  backup: Backup,
  signal: AbortSignal
): Promise<readonly [LocatedLink, ...LocatedLink[]]> {
  const manifest = await trustedManifest(deps, backup.id)
  const [first, ...others] = await ancestorsOf(deps, backup, manifest, signal)
  const last = { manifest, location: await readableLocation(deps, backup, signal) }
  return first === undefined ? [last] : [first, ...others, last]
}

/**
 * Throws `CHECKSUM_MISMATCH` where a part that is stored as it is is not what was stored; those that are unpacked are
 * compared on the way.
 */
export async function requireDigests (
  { location: { store, key }, manifest }: LocatedLink,
  task: Progress
): Promise<void> {
  const plain = partsOf(manifest).filter(({ compression }) => isStoredPlain({ ...manifest, compression }))
  if (plain.length === 0) return
  task.phase('verifying', plain.reduce((sum, { object }) => sum + object.size, 0))
  let before = 0
  for (const part of plain) {
    const found = await digestObject(store, partKey(key, manifest, part), bytes => {
      task.bytes(before + bytes)
    }, task.signal)
    before += found.size
    const difference = mismatch(found, part.object, 'the file')
    if (difference !== undefined) throw difference
  }
}
