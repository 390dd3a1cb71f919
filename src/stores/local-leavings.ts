import { randomUUID } from 'node:crypto'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { filesBelow } from './local-files.ts'

const PREFIX = '.holdfast-'
const SUFFIX = '.tmp'
/** An unfinished file of another instance is taken for abandoned when nothing was written to it for so long: 24 h. */
const ABANDONED_MS = 86_400_000

/** Hidden, so that no list shows it, and marked with the instance that writes it. */
export function temporaryName (instanceId: string): string {
  return `${PREFIX}${instanceId}-${randomUUID()}${SUFFIX}`
}

/**
 * Removes what a crash left half written: this instance's unfinished files, and those of others once they
 * are a day old. Nothing else: a file without a manifest may be somebody's own.
 */
export async function removeLeavings (directory: string, instanceId: string, now: Date): Promise<void> {
  for (const entry of await filesBelow(directory)) {
    if (!entry.name.startsWith(PREFIX) || !entry.name.endsWith(SUFFIX)) continue
    const path = join(entry.parentPath, entry.name)
    const isOurs = entry.name.startsWith(`${PREFIX}${instanceId}-`)
    if (isOurs || now.getTime() - (await stat(path)).mtimeMs > ABANDONED_MS) await rm(path, { force: true })
  }
}
