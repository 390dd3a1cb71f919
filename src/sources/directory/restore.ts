import { createReadStream } from 'node:fs'
import { BackupError, systemCode } from '../../core/errors.ts'
import { MAIN } from '../../core/ports/part.ts'
import { lastLink, type Restorable } from '../../core/restore/restorable.ts'
import type { Placed, Placement, Restorer } from '../../core/restore/restore.ts'
import { noRoom } from '../../files/no-room.ts'
import type { OpenList } from './archive-join.ts'
import { buildTree } from './build-tree.ts'
import { checkPlace } from './check-place.ts'
import { FILES, readEntries } from './entry.ts'
import type { LinkArchive } from './extractable.ts'
import { directoryDetails, type DirectoryDetails } from './facts.ts'
import { parseGlob } from './glob.ts'
import { requireGnuTar } from './gnu-tar.ts'
import { holdersOf } from './holders.ts'
import { MalformedError } from './malformed.ts'
import { RESTORE_NEEDS } from './restore-needs.ts'
import {
  makeFreshTree,
  openSpot,
  removeTree,
  settleSpot,
  swapBack,
  swapIn,
  syncAround,
  takePlace,
  type Spot
} from './spot.ts'
import { planTree } from './tree-plan.ts'

/**
 * Restores directories. A tree is extracted next to its place, where only this process may enter, compared with the
 * list of the backup, made durable, and then gets its name. What was there before is kept under `aside`: renamed back,
 * it undoes the restore.
 */
export function directoryRestorer (): Restorer {
  return {
    needs: () => RESTORE_NEEDS,
    undoneBy: 'aside',

    async check (manifest, placement, signal) {
      await requireGnuTar()
      for (const pattern of placement.only ?? []) parseGlob(pattern)
      await checkPlace(manifest, placement, signal)
    },

    async place (restorable, placement, onBytes, signal) {
      const begun = performance.now()
      const spot = openSpot(placement)
      try {
        const placed = await build(restorable, spot, placement, onBytes, signal)
        return { ...placed, took: performance.now() - begun }
      } catch (thrown) {
        throw signal.aborted ? signal.reason : placeError(thrown, placement.path)
      } finally {
        spot.folder.close()
      }
    },

    async settle (path, aside) {
      const spot = spotIfThere(path, aside)
      if (spot === undefined) return false
      try {
        return await settleSpot(spot)
      } finally {
        spot.folder.close()
      }
    },

    async revert (path, aside, hadContent) {
      const spot = spotIfThere(path, aside)
      if (spot === undefined) return
      try {
        await swapBack(spot, hadContent)
      } finally {
        spot.folder.close()
      }
    },

    async discard (aside) {
      const { folder, name } = openSpot({ path: aside, aside })
      try {
        await removeTree(folder, name)
      } finally {
        folder.close()
      }
    },

    holders: holdersOf
  }
}

async function build (
  restorable: Restorable,
  spot: Spot,
  placement: Placement,
  onBytes: (bytes: number) => void,
  signal: AbortSignal
): Promise<Omit<Placed, 'took'>> {
  const openList = await listOf(restorable, signal)
  const { only } = placement
  const plan = await planTree(openList, restorable.links.length - 1, only?.map(parseGlob) ?? null)
  const fresh = makeFreshTree(spot)
  try {
    const warnings = await buildTree(fresh.path, {
      archives: archivesOf(restorable, signal),
      openList,
      plan,
      hasAttributes: detailsOf(restorable).xattrs,
      onBytes
    }, signal)
    await syncAround(fresh.path)
    signal.throwIfAborted()
    const content = fresh.content(only === undefined ? plan.single : null)
    if (placement.mode === 'file') takePlace(spot, content, placement)
    const isOldKept = placement.mode !== 'file' && swapIn(spot, content)
    return { bytes: plan.total.bytes, isOldKept, warnings }
  } finally {
    await fresh.remove()
  }
}

/** The list of the last link, as a file of this process alone. */
export async function listOf (restorable: Restorable, signal: AbortSignal): Promise<OpenList> {
  const path = await lastLink(restorable).images.file(FILES, signal)
  return () => readEntries(createReadStream(path))
}

/** The archives of all links, in their order. */
export function archivesOf ({ links }: Restorable, signal: AbortSignal): readonly LinkArchive[] {
  return links.map(({ manifest, images }, depth) => ({
    depth,
    size: manifest.image.size,
    open: () => images.open(MAIN, signal),
    range: async (start, length) => await images.range?.(MAIN, { start, end: start + length - 1 }, signal) ?? null
  }))
}

/** Throws `BACKUP_INVALID` for a manifest without the facts of a directory. */
export function detailsOf (restorable: Restorable): DirectoryDetails {
  const details = directoryDetails(lastLink(restorable).manifest.facts)
  if (details !== null) return details
  throw damaged(new MalformedError('the manifest does not have the facts of a directory'))
}

function spotIfThere (path: string, aside: string): Spot | undefined {
  try {
    return openSpot({ path, aside })
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** What a restore fails with, for damage of the backup and for lack of room. */
export function placeError (thrown: unknown, path: string): unknown {
  if (thrown instanceof MalformedError) return damaged(thrown)
  return noRoom(thrown, path, 'Free space there, or restore to another path.') ?? thrown
}

export function damaged (cause: MalformedError): BackupError {
  return new BackupError('BACKUP_INVALID', `the backup is damaged or was changed: ${cause.message}`, {
    hint: 'Restore another backup, and find out who can write to the store.',
    cause
  })
}
