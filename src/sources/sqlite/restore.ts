import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { BackupError } from '../../core/errors.ts'
import type { Restorer } from '../../core/restore.ts'
import { sibling } from '../child.ts'
import { startSubprocess } from '../subprocess.ts'
import { CHILD_ENVIRONMENT } from './open.ts'
import type { RestoreMessage, RestoreTask } from './restore-protocol.ts'
import { discardAside, undoHalfReplaced } from './restore-replace.ts'

/** Restores SQLite databases, in child processes: closing a descriptor here would drop the locks of the whole service. */
export function sqliteRestorer (scratchDir: string): Restorer {
  return {
    async check (image, placement, signal) {
      await run({ type: 'check', image, placement }, () => {}, signal)
    },

    async place (image, placement, onBytes, signal) {
      const scratch = join(scratchDir, `restore-${randomUUID()}.db`)
      const begun = performance.now()
      const outcome = await run({ type: 'place', image, placement, scratch }, onBytes, signal).finally(() => rm(scratch, { force: true }))
      if (outcome?.type !== 'placed') throw new BackupError('SOURCE_FAILED', 'the process that restores ended without a result', { hint: 'Look at the database, then try again.' })
      return { bytes: outcome.bytes, isOldKept: outcome.isOldKept, took: outcome.at - begun }
    },

    // Both only name and unname files, which is harmless to locks.
    settle: async (path, aside) => undoHalfReplaced(path, aside),
    discard: async aside => { discardAside(aside) }
  }
}

/** The last message of the child, and when it came. */
async function run (task: RestoreTask, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<RestoreMessage & { readonly at: number } | undefined> {
  let last: RestoreMessage & { readonly at: number } | undefined
  const child = startSubprocess({
    entry: sibling(import.meta.url, 'restore-child'),
    task,
    environment: CHILD_ENVIRONMENT,
    onMessage: message => {
      const told = message as RestoreMessage
      if (told.type === 'progress') onBytes(told.bytes)
      else last = { ...told, at: performance.now() }
    }
  }, signal)
  child.image.resume()
  await child.ended
  return last
}
