import { chown, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { OpenList } from './archive-join.ts'
import { compareTree, type Deviations } from './compare-tree.ts'
import type { Entry } from './entry.ts'
import { extractable, type LinkArchive } from './extractable.ts'
import { extractTar } from './extract-tar.ts'
import { named, type Names } from './tally.ts'
import type { TreePlan } from './tree-plan.ts'

/** Set-user-ID, set-group-ID: without the owner they would give the rights of another one. */
const SET_ID = 0o6000
/** A user that is not root, to find out whether files can be given away. */
const ANOTHER = 1

/** A chain of backups that is extracted, with its plan. */
export interface BuildRequest {
  readonly archives: readonly LinkArchive[]
  readonly openList: OpenList
  readonly plan: TreePlan
  readonly hasAttributes: boolean
  readonly onBytes: (bytes: number) => void
  /** Called for each file that was extracted, with its path on this machine. */
  readonly look?: (path: Buffer, entry: Entry) => Promise<void>
}

/**
 * Extracts a tree into `directory`, which is empty and of this process alone, and compares it with its list. Returns
 * what the rights of this process and the file system did not allow, as sentences. Throws as `extractable`,
 * `extractTar` and `compareTree` do; then the directory may have anything in it.
 */
export async function buildTree (
  directory: string,
  { look, ...request }: BuildRequest,
  signal: AbortSignal
): Promise<string[]> {
  const { openList, plan, hasAttributes } = request
  const isOwnerKept = await mayGiveAway(directory)
  const adapted = isOwnerKept ? (entry: Entry) => entry : withoutSetId
  await extractTar(extractable({ ...request, adapted }), { cwd: directory, isOwnerKept, hasAttributes }, signal)
  const deviations = await compareTree(directory, openList, plan, signal, look)
  return [...lossesOf(plan), ...warningsOf(deviations)]
}

function withoutSetId (entry: Entry): Entry {
  return (entry.mode & SET_ID) === 0 || entry.type === 'directory' ? entry : { ...entry, mode: entry.mode & ~SET_ID }
}

/** Root in a container may lack the right, or the user may be unknown there. */
async function mayGiveAway (directory: string): Promise<boolean> {
  if (process.geteuid?.() !== 0) return false
  const probe = join(directory, 'owner')
  await writeFile(probe, '', { flag: 'wx' })
  try {
    return await chown(probe, ANOTHER, ANOTHER).then(() => true, () => false)
  } finally {
    await rm(probe)
  }
}

function lossesOf ({ unreadable }: TreePlan): string[] {
  if (unreadable.count === 0) return []
  return [sentence(unreadable, 'could not be read when the backup was made, and are not restored')]
}

function warningsOf ({ owners, modes, times }: Deviations): string[] {
  const texts = [
    [owners, 'do not have their owner or group, which only root may set'],
    [modes, 'do not have their mode'],
    [times, 'do not have their modification time, which the file system cannot store']
  ] as const
  return texts.filter(([{ count }]) => count > 0).map(([names, text]) => sentence(names, text))
}

function sentence (names: Names, rest: string): string {
  return `${names.count} of the files and directories ${rest}: ${named(names, names.paths.length)}`
}
