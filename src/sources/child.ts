import { readSync } from 'node:fs'
import { extname } from 'node:path'
import { BackupError, toBackupError } from '../core/errors.ts'

/** Where a child writes the image: a pipe that blocks, apart from standard output so that nothing stray gets into it. */
export const IMAGE_FD = 3

/** Standard input, from which a child reads its task. */
const TASK_FD = 0
const NEWLINE = 0x0a
const CHUNK = 64 * 1024

/** The line on a child's standard input. The parent holds the pipe open for as long as it lives. */
export interface Envelope {
  /** The parent's process id. */
  readonly parent: number
  readonly task: unknown
}

let parent = 0

/** The module `name` beside `url`, whether this runs from source or built. */
export function sibling (url: string, name: string): URL {
  return new URL(`./${name}${extname(url)}`, url)
}

/**
 * The main of a child process: runs `work` on the task that standard input carries, and ends. A failure goes to the
 * parent as its last message, and as the exit code 1. When the parent goes away, so does the child.
 */
export async function runChild<Task, Message> (
  work: (task: Task, send: (message: Message) => Promise<void>) => Promise<void>
): Promise<void> {
  process.on('disconnect', () => { process.exit(1) })
  try {
    const envelope = JSON.parse(readLine()) as Envelope
    parent = envelope.parent
    await work(envelope.task as Task, send)
    process.exitCode = 0
  } catch (error) {
    const { code, message, hint } = toBackupError(error)
    await send({ type: 'failed', code, message, hint })
    process.exitCode = 1
  }
  process.removeAllListeners('disconnect')
  process.disconnect?.()
}

/**
 * Throws `INTERRUPTED` once the parent is gone. For a child that does without turns of the event loop, before a step that
 * cannot be taken back: whoever starts the service again must find nothing still at work.
 */
export function requireParent (): void {
  if (process.ppid !== parent) throw new BackupError('INTERRUPTED', 'the service ended while the work was under way')
}

/** Reads up to the end of the line, which may have any length: an argument ends at 128 KiB, and every user may read it. */
function readLine (): string {
  const parts: Buffer[] = []
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK)
    const length = readSync(TASK_FD, chunk)
    const end = chunk.subarray(0, length).indexOf(NEWLINE)
    parts.push(chunk.subarray(0, end < 0 ? length : end))
    if (end >= 0) return Buffer.concat(parts).toString('utf8')
    if (length === 0) throw new BackupError('INTERRUPTED', 'the service ended before it had handed over the work')
  }
}

function send (message: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    if (process.send === undefined) {
      reject(new Error('started without a parent'))
      return
    }
    process.send(message, undefined, {}, error => {
      if (error === null) resolve()
      else reject(error)
    })
  })
}
