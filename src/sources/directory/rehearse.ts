import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, mkdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { totalImageOf } from '../../core/backup/manifest.ts'
import { counted } from '../../core/counted.ts'
import { BackupError } from '../../core/errors.ts'
import type { Check } from '../../core/ports/verification.ts'
import type { Rehearsal, Rehearser } from '../../core/restore/rehearsal.ts'
import type { Restorable } from '../../core/restore/restorable.ts'
import { openFolder } from '../../files/folder.ts'
import { buildTree } from './build-tree.ts'
import { countsPassed } from './counts-check.ts'
import type { Entry } from './entry.ts'
import { requireGnuTar } from './gnu-tar.ts'
import { isDamage } from './inspect.ts'
import { ListCounts } from './list-counts.ts'
import { archivesOf, detailsOf, listOf, placeError } from './restore.ts'
import { removeTree } from './spot.ts'
import { shortPath } from './short-path.ts'
import { planTree } from './tree-plan.ts'

/** Rehearses restores of directories: the tree is extracted into scratch space, and its files are read from there. */
export function directoryRehearser (scratchDir: string): Rehearser {
  return {
    space: chain => chain.reduce((sum, manifest) => sum + totalImageOf(manifest), 0),

    async rehearse (restorable, signal) {
      await requireGnuTar()
      const directory = join(scratchDir, `drill-${randomUUID()}`)
      mkdirSync(directory, { mode: 0o700 })
      try {
        const checks = await rehearsed(restorable, directory, signal)
        return rehearsal(directory, checks)
      } catch (thrown) {
        await remove(directory)
        throw signal.aborted ? signal.reason : placeError(thrown, directory)
      }
    }
  }
}

function rehearsal (directory: string, checks: readonly Check[]): Rehearsal {
  return {
    checks: async () => checks,
    // The kind has no assertions.
    assess: async () => [],
    close: () => remove(directory)
  }
}

async function remove (directory: string): Promise<void> {
  const folder = openFolder(dirname(directory))
  try {
    await removeTree(folder, basename(directory))
  } finally {
    folder.close()
  }
}

/** Damage is a check that failed. */
async function rehearsed (restorable: Restorable, directory: string, signal: AbortSignal): Promise<readonly Check[]> {
  const openList = await listOf(restorable, signal)
  const details = detailsOf(restorable)
  const counts = new ListCounts()
  let [files, bytes] = [0, 0]
  try {
    const plan = await planTree(openList, restorable.links.length - 1, null, entry => {
      counts.add(entry)
    })
    const warnings = await buildTree(directory, {
      archives: archivesOf(restorable, signal),
      openList,
      plan,
      hasAttributes: details.xattrs,
      onBytes: () => {},
      look: async (path, entry) => {
        await requireContent(path, entry)
        files++
        bytes += entry.stored ?? 0
      }
    }, signal)
    const difference = counts.difference(details)
    return [
      { name: 'archive', status: 'pass', reason: `${counted(plan.total.entries, 'entry', 'entries')} extracted` },
      { name: 'index', status: 'pass', ...warnings.length > 0 && { reason: warnings.join('; ') } },
      { name: 'contents', status: 'pass', reason: `${counted(files, 'file')}, ${counted(bytes, 'byte')}` },
      difference === undefined
        ? { name: 'counts', ...countsPassed(counts, details) }
        : { name: 'counts', status: 'fail', reason: difference }
    ]
  } catch (error) {
    if (!isDamage(error) || signal.aborted) throw error
    return [{ name: 'archive', status: 'fail', reason: error.message }]
  }
}

/** The data of a sparse file was compared when it was extracted: the digest is of a map of its holes, too. */
async function requireContent (path: Buffer, { sha256, sparse, path: name }: Entry): Promise<void> {
  if (sparse === true) return
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  if (hash.digest('hex') === sha256) return
  throw new BackupError('RESTORE_FAILED', `"${shortPath(name)}" was restored, and reads back with other content`, {
    hint: 'Check the disk of the scratch directory and the memory of the machine, then try again.'
  })
}
