import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { BackupError } from '../../core/errors.ts'
import { startError, TAR_ENVIRONMENT } from './gnu-tar.ts'
import { messagesOf } from './run-tool.ts'

export interface ExtractOptions {
  /** The directory that is filled: empty, and of this process alone. */
  readonly cwd: string
  /** Whether owner and group are set; otherwise everything belongs to the user of this process. */
  readonly isOwnerKept: boolean
  /** Whether extended attributes and access control lists are set. */
  readonly hasAttributes: boolean
}

/**
 * Extracts an archive with GNU tar. Resolves once the program has ended well. Rejects with the error of the archive, or
 * `RESTORE_FAILED` with the end of the messages of tar as its cause; no process is left then. The archive must have
 * been checked: the program only gets names below `cwd`.
 */
export async function extractTar (
  archive: AsyncIterable<Buffer>,
  { cwd, isOwnerKept, hasAttributes }: ExtractOptions,
  signal: AbortSignal
): Promise<void> {
  const tar = spawn('tar', [
    '--extract',
    '--file=-',
    '--numeric-owner',
    '--preserve-permissions',
    isOwnerKept ? '--same-owner' : '--no-same-owner',
    // What is in a directory may come in the archive of a later link.
    '--delay-directory-restore',
    // A time in the future is what was backed up.
    '--warning=no-timestamp',
    ...hasAttributes ? ['--xattrs', '--xattrs-include=*', '--acls'] : []
  ], { cwd, env: TAR_ENVIRONMENT, stdio: ['pipe', 'ignore', 'pipe'] })
  const messages = messagesOf(tar.stderr)
  const exit = once(tar, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  exit.catch(() => {})
  const failure = await pipeline(Readable.from(archive, { objectMode: false }), tar.stdin, { signal }).then(
    () => undefined,
    (thrown: unknown) => ({ thrown })
  )
  // What the archive ends with early must not look like its end to the program.
  if (failure !== undefined && !isBrokenPipe(failure.thrown)) tar.kill('SIGKILL')
  const [code] = await exit.catch((error: unknown) => {
    throw error instanceof Error ? startError(error) : error
  })
  signal.throwIfAborted()
  if (failure !== undefined && !isBrokenPipe(failure.thrown)) throw failure.thrown
  if (code === 0 && failure === undefined) return
  throw new BackupError('RESTORE_FAILED', `tar could not write the files: it ended with ${code ?? 'a signal'}`, {
    hint: 'Look at the free space and the rights of the directory, and at the messages of tar in the log.',
    cause: new Error(messages())
  })
}

/** The program has ended before it had read everything: why, its exit code shows. */
function isBrokenPipe (error: unknown): boolean {
  return error instanceof Error && 'code' in error &&
    (error.code === 'EPIPE' || error.code === 'ERR_STREAM_PREMATURE_CLOSE')
}
