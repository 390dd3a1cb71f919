import { randomUUID } from 'node:crypto'
import { lstat, rm } from 'node:fs/promises'
import type { Presence } from '../../core/presence.ts'
import type { LocalDisk } from './disk.ts'
import { foldersBelow, isOwnFolder } from './files.ts'
import { withFolder } from './folder.ts'

const PREFIX = '.holdfast-'
const SUFFIX = '.tmp'
/** An unfinished file of another instance is taken for abandoned when nothing was written to it for so long: 24 h. */
const ABANDONED_MS = 86_400_000

/** Who writes unfinished files: a process among those that share a catalog. */
export interface Owner {
  readonly instanceId: string
  readonly presence: Presence
}

/** Hidden, so that no list shows it, and marked with the process that writes it. */
export function temporaryName ({ instanceId, presence }: Owner): string {
  return `${PREFIX}${instanceId}-${presence.id}_${randomUUID()}${SUFFIX}`
}

/**
 * Removes what a crash left half written: the unfinished files of processes of ours that are gone, and those of others
 * once they are a day old. Nothing else: a file without a manifest may be somebody's own.
 */
export async function removeLeavings (directory: string, disk: LocalDisk, owner: Owner, now: Date): Promise<void> {
  for (const { parts, files } of await foldersBelow(directory, disk, isOwnFolder)) {
    const leavings = files.filter(name => name.startsWith(PREFIX) && name.endsWith(SUFFIX))
    if (leavings.length === 0) continue
    await withFolder({ directory, disk, parts }, async folder => {
      for (const name of leavings) {
        if (isAbandoned(name, owner) ?? await disk.ask(() => isOld(folder.at(name), now))) {
          await disk.ask(() => rm(folder.at(name), { force: true }))
        }
      }
    })
  }
}

/** undefined: it belongs to another catalog, whose processes nobody here knows. */
function isAbandoned (name: string, { instanceId, presence }: Owner): boolean | undefined {
  const prefix = `${PREFIX}${instanceId}-`
  if (!name.startsWith(prefix)) return undefined
  const writer = name.slice(prefix.length, name.indexOf('_', prefix.length))
  return writer !== presence.id && !presence.isAlive(writer)
}

async function isOld (path: string, now: Date): Promise<boolean> {
  return now.getTime() - (await lstat(path)).mtimeMs > ABANDONED_MS
}
