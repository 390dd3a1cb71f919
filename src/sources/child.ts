import { extname } from 'node:path'
import { BackupError, toBackupError } from '../core/errors.ts'

/** Where a child writes the image: a pipe that blocks, apart from standard output so that nothing stray gets into it. */
export const IMAGE_FD = 3

/** The module `name` beside `url`, whether this runs from source or built. */
export function sibling (url: string, name: string): URL {
  return new URL(`./${name}${extname(url)}`, url)
}

/**
 * The main of a child process: runs `work` on the one argument, which is JSON, and ends. A failure goes to the
 * parent as its last message, and as the exit code 1. When the parent goes away, so does the child.
 */
export async function runChild<Task, Message> (work: (task: Task, send: (message: Message) => Promise<void>) => Promise<void>): Promise<void> {
  process.on('disconnect', () => { process.exit(1) })
  try {
    await work(JSON.parse(process.argv[2] ?? 'null') as Task, send)
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
  if (process.ppid !== Number(process.argv[3])) throw new BackupError('INTERRUPTED', 'the service ended while the work was under way')
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
