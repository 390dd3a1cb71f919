import { spawn } from 'node:child_process'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { startError, TAR_ENVIRONMENT } from './gnu-tar.ts'
import { messagesOf, startTool, toolFailed } from './run-tool.ts'

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
 * `RESTORE_FAILED` with the end of the messages of tar as its cause, or as `startError` has it where tar cannot be
 * started; no process is left then. The archive must have
 * been checked: the program only gets names below `cwd`.
 */
export async function extractTar (
  archive: AsyncIterable<Buffer>,
  { cwd, isOwnerKept, hasAttributes }: ExtractOptions,
  signal: AbortSignal
): Promise<void> {
  const args = [
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
  ]
  const { child: tar, ended } = await startTool(
    () => spawn('tar', args, { cwd, env: TAR_ENVIRONMENT, stdio: ['pipe', 'ignore', 'pipe'] }),
    startError
  )
  const messages = messagesOf(tar.stderr)
  const failure = await pipeline(Readable.from(archive, { objectMode: false }), tar.stdin, { signal }).then(
    () => undefined,
    (thrown: unknown) => ({ thrown })
  )
  // What the archive ends with early must not look like its end to the program.
  if (failure !== undefined && !isBrokenPipe(failure.thrown)) tar.kill('SIGKILL')
  const end = await ended
  signal.throwIfAborted()
  if (failure !== undefined && !isBrokenPipe(failure.thrown)) throw failure.thrown
  if (end.code === 0 && failure === undefined) return
  throw toolFailed(
    'tar could not write the files',
    end,
    messages(),
    'Look at the free space and the rights of the directory, and at the messages of tar in the log.'
  )
}

/** The program has ended before it had read everything: why, its exit code shows. */
function isBrokenPipe (error: unknown): boolean {
  return error instanceof Error && 'code' in error &&
    (error.code === 'EPIPE' || error.code === 'ERR_STREAM_PREMATURE_CLOSE')
}
