import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { BackupError } from '../../core/errors.ts'
import { spawnError } from '../spawn-error.ts'
import { TAR_ENVIRONMENT } from './gnu-tar.ts'

/** Of the messages of a program, the end is kept for the cause of an error. Characters. */
const MESSAGES = 4096

/**
 * Runs a program of the system to its end. Rejects with `RESTORE_FAILED` where it fails, its messages as the cause.
 * `what`: what it does, as the end of `could not`.
 */
export async function runTool (
  program: string,
  args: readonly string[],
  { cwd, what }: { readonly cwd: string, readonly what: string }
): Promise<void> {
  const child = spawn(program, args, { cwd, env: TAR_ENVIRONMENT, stdio: ['ignore', 'ignore', 'pipe'] })
  const messages = messagesOf(child.stderr)
  const [code] = await (once(child, 'close') as Promise<[number | null]>).catch((error: unknown) => {
    throw spawnError(error)
  })
  if (code === 0) return
  throw new BackupError('RESTORE_FAILED', `"${program}" could not ${what}: it ended with ${code ?? 'a signal'}`, {
    hint: 'Look at the messages of the program in the log, and at the disk.',
    cause: new Error(messages())
  })
}

/** Keeps the end of what a program writes to its standard error. */
export function messagesOf (stderr: NodeJS.ReadableStream): () => string {
  let text = ''
  stderr.setEncoding('utf8')
  stderr.on('data', (piece: string) => {
    text = (text + piece).slice(-MESSAGES)
  })
  return () => text
}
