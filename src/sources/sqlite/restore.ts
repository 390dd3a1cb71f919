import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { BackupError } from '../../core/errors.ts'
import { MAIN } from '../../core/ports/part.ts'
import { lastLink } from '../../core/restore/restorable.ts'
import type { Holder, Restorer } from '../../core/restore/restore.ts'
import { sibling } from '../child.ts'
import { DEFAULT_LIMITS, startSubprocess, type ChildLimits } from '../subprocess.ts'
import { SQLITE_CHILD } from './open.ts'
import type { PlainImage, RestoreMessage, RestoreTask } from './restore-protocol.ts'
import { discardAside, undoHalfReplaced, undoReplaced } from './restore-replace.ts'

/**
 * Restores SQLite databases, in child processes: closing a descriptor here would drop the locks of the whole service.
 */
export function sqliteRestorer (
  scratchDir: string,
  { memory }: Pick<ChildLimits, 'memory'> = DEFAULT_LIMITS
): Restorer {
  return {
    undoneBy: 'backup',

    // A transaction cannot be undone once other bytes turn out to be in it.
    needs: ({ mode }) => ({ files: [MAIN], isOwn: mode === 'live' }),

    async check ({ image, facts }, placement, signal) {
      const outline = { size: image.size, properties: facts.properties }
      const { failure } = await run({ type: 'check', image: outline, placement }, () => {}, memory, signal)
      if (failure !== undefined) throw failure
    },

    async place (restorable, placement, onBytes, signal) {
      const { manifest, images } = lastLink(restorable)
      const image: PlainImage = {
        path: await images.file(MAIN, signal),
        sha256: manifest.image.sha256,
        properties: manifest.facts.properties
      }
      const scratch = join(scratchDir, `restore-${randomUUID()}.db`)
      const begun = performance.now()
      const { placed, inspected, failure } = await run(
        { type: 'place', image, placement, scratch },
        onBytes,
        memory,
        signal
      ).finally(() => rm(scratch, { force: true }))
      if (placed === undefined) {
        throw failure ??
          new BackupError('SOURCE_FAILED', 'the process that restores ended without a result', {
            hint: 'Check the database, then retry.'
          })
      }
      if (inspected !== undefined && inspected.damage !== null) throw damaged(placement.path, inspected.damage)
      const warnings = [
        ...placed.warnings,
        ...inspected?.warnings ?? [],
        ...failure === undefined ? [] : [`the content was restored, but not checked in place: ${failure.message}`]
      ]
      return { bytes: placed.bytes, isOldKept: placed.isOldKept, took: placed.at - begun, warnings }
    },

    // These only name and unname files, which is harmless to locks.
    settle: async (path, aside) => undoHalfReplaced(path, aside),
    discard: async aside => {
      discardAside(aside)
    },
    revert: async (path, aside, hadContent) => {
      undoReplaced(path, aside, hadContent)
    },

    async holders (path, signal) {
      const { holders = [], failure } = await run({ type: 'holders', path }, () => {}, memory, signal)
      if (failure !== undefined) throw failure
      return holders
    }
  }
}

function damaged (path: string, damage: string): BackupError {
  return new BackupError('SOURCE_MALFORMED', `the backup was restored to "${path}", and is damaged: ${damage}`, {
    hint: 'Restore another backup, or the one of the previous state.'
  })
}

interface Outcome {
  /** The content was put in its place, `at` this time. */
  readonly placed?: Extract<RestoreMessage, { type: 'placed' }> & { readonly at: number }
  readonly inspected?: Extract<RestoreMessage, { type: 'inspected' }>
  /** Who has the database open. */
  readonly holders?: readonly Holder[]
  /** What ended the child early. */
  readonly failure?: Error
}

async function run (
  task: RestoreTask,
  onBytes: (bytes: number) => void,
  memory: number,
  signal: AbortSignal
): Promise<Outcome> {
  let outcome: Outcome = {}
  const child = startSubprocess({
    entry: sibling(import.meta.url, 'restore-child'),
    task,
    ...SQLITE_CHILD,
    onMessage: message => {
      const told = message as RestoreMessage
      if (told.type === 'progress') onBytes(told.bytes)
      if (told.type === 'placed') {
        outcome = { ...outcome, placed: { ...told, at: performance.now() } }
        onBytes(told.bytes)
      }
      if (told.type === 'inspected') outcome = { ...outcome, inspected: told }
      if (told.type === 'held') outcome = { ...outcome, holders: told.holders }
    },
    // What it places was inspected within a time limit before; ended on its way, it would be harder to know what
    // happened.
    timeout: Infinity,
    memory
  }, signal)
  child.image.resume()
  try {
    await child.ended
    return outcome
  } catch (failure) {
    return { ...outcome, failure: failure as Error }
  }
}
