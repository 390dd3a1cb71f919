import type { Backup } from '../../core/backup/backup.ts'
import { partsOf, type Manifest } from '../../core/backup/manifest.ts'
import { BackupError } from '../../core/errors.ts'
import type { Restorable } from '../../core/restore/restorable.ts'
import type { EngineDeps } from '../deps.ts'
import { isStoredPlain } from './decryption.ts'
import { withImages, type Images, type ImagesDeps, type ImagesRequest } from './images.ts'
import { linksOf } from './links.ts'
import { readableLocation, type ObjectLocation } from './locations.ts'
import { trustedManifest } from './objects.ts'
import { firstMismatch, type Progress } from './verify-parts.ts'

/** A backup of a chain, and where it is read. */
export interface LocatedLink {
  readonly backup: Backup
  readonly manifest: Manifest
  readonly location: ObjectLocation
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

/**
 * The backup after all that it is built on, the full backup first, each where it can be read now. Throws `CHAIN_BROKEN`
 * where one of them is gone, `MANIFEST_UNSIGNED`, or what `readableLocation` throws.
 * `avoided`: addresses of places to pass over.
 */
export async function chainOf (
  deps: EngineDeps,
  backup: Backup,
  signal: AbortSignal,
  avoided?: ReadonlySet<string>
): Promise<readonly [LocatedLink, ...LocatedLink[]]> {
  const [, ...ancestors] = await linksOf(deps, backup)
  let manifest = await trustedManifest(deps, backup.id)
  const linkOf = async (backup: Backup, manifest: Manifest): Promise<LocatedLink> => ({
    backup,
    manifest,
    location: await readableLocation(deps, backup, signal, avoided)
  })
  let chain: [LocatedLink, ...LocatedLink[]] = [await linkOf(backup, manifest)]
  for (let child = backup; manifest.link !== null && manifest.link.parent !== null;) {
    const { name, sha256 } = manifest.link.parent
    const parent = ancestors.shift()
    const found = parent === undefined ? undefined : await deps.catalog.backups.manifest(parent.id)
    if (parent === undefined || found === undefined || found.object.sha256 !== sha256) {
      throw new BackupError('CHAIN_BROKEN', `backup ${child.id} depends on "${name}", which is missing`, {
        hint: 'Restore another backup. If a store still has that file, run "holdfast rebuild".'
      })
    }
    deps.signing.require(found)
    chain = [await linkOf(parent, found), ...chain]
    child = parent
    manifest = found
  }
  return chain
}

/**
 * Throws `CHECKSUM_MISMATCH` where a part that is stored as it is is not what was stored; those that are unpacked are
 * compared on the way.
 */
export async function requireDigests (
  { location, manifest }: LocatedLink,
  task: Progress
): Promise<void> {
  const plain = partsOf(manifest).filter(({ compression }) => isStoredPlain({ ...manifest, compression }))
  if (plain.length === 0) return
  task.phase('verifying', plain.reduce((sum, { object }) => sum + object.size, 0))
  const difference = await firstMismatch(location, manifest, plain, task)
  if (difference !== undefined) throw difference
}
