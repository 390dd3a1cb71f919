import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { BackupError } from '../../core/errors.ts'
import { MESSAGE_FD } from '../child.ts'
import { readLines } from '../lines.ts'
import { startError, TAR_ENVIRONMENT } from './gnu-tar.ts'
import { startTool, type ToolEnd } from './run-tool.ts'

/** Of the messages of tar the end is kept for an error. Characters. */
const KEPT = 2000
/** Of one message, which names one file. Bytes. */
const LINE_LIMIT = 64 * 1024
/**
 * tar ends with 0 also where it could not read a part of a file, and fills it with zeros: only this message shows it
 * (`read_diag_details` in GNU tar).
 */
const READ_ERROR = /^[^:]*: (.*?)(?:: Warning)?: Read error at byte \d/
/** Of such messages. */
const MOST_READ_ERRORS = 10_000

export interface TarOptions {
  /** GNU tar: a name that is looked up, or a path. */
  readonly program: string
  /** Whether extended attributes and access control lists are stored. */
  readonly xattrs: boolean
}

/** GNU tar at work on names that it is given one after the other. */
export interface TarRun {
  /** Gives it names, which are relative to the working directory. Resolves as soon as it takes more. */
  add(names: readonly Buffer[]): Promise<void>
  /** There are no more names. */
  finish(): void
  readonly archive: AsyncIterable<Buffer>
  /**
   * Resolves when it has ended and the archive is whole, except for names that it could not read. Rejects with
   * `SOURCE_FAILED`, `SOURCE_TOOL_MISSING` or `PROCESS_LIMIT`.
   */
  readonly ended: Promise<void>
  /** Once it has ended: the files of which it could not read a part, in whose place the archive has zeros. */
  readErrors(): readonly Buffer[]
  kill(): void
}

/** How an archive is written: POSIX pax, for the times in nanoseconds and for names and numbers of any size. */
function createArguments ({ xattrs }: Pick<TarOptions, 'xattrs'>): readonly string[] {
  return [
    '--create',
    '--file=-',
    '--format=posix',
    '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
    '--numeric-owner',
    '--no-recursion',
    '--sparse',
    '--blocking-factor=128',
    ...xattrs ? ['--xattrs', '--acls'] : [],
    '--ignore-failed-read',
    '--null',
    '--no-unquote',
    '--verbatim-files-from',
    '--files-from=-'
  ]
}

/**
 * Starts tar in the working directory. It keeps the pipe for messages of this process open, so that the service sees
 * this process as ended only after tar has ended, too. Rejects with `PROCESS_LIMIT`, and as `startError` has it for
 * other reasons of the system.
 */
export async function startTar (options: TarOptions): Promise<TarRun> {
  const { child, ended: ending } = await startTool(() =>
    spawn(options.program, createArguments(options), {
      env: TAR_ENVIRONMENT,
      stdio: ['pipe', 'pipe', 'pipe', MESSAGE_FD]
    }) as ChildProcessWithoutNullStreams, startError)
  const { stdin, stdout, stderr } = child
  // Its end is reported by the exit code.
  stdin.on('error', () => {})
  let messages = ''
  const readErrors: Buffer[] = []
  readLines(stderr, LINE_LIMIT, line => {
    messages = `${messages}${line}\n`.slice(-KEPT)
    const name = READ_ERROR.exec(line)?.[1]
    if (name !== undefined && readErrors.length < MOST_READ_ERRORS) readErrors.push(unquoted(name))
  }, () => {
    messages += 'a message that is too long\n'
  })
  const ended = ending.then(end => {
    // 1: a file was changed while it was read, or is gone; both are found out without it.
    if (end.code !== 0 && end.code !== 1) throw failed(end, messages)
  })
  ended.catch(() => {})
  let isGone = false
  child.once('exit', () => {
    isGone = true
  })
  return {
    async add (names) {
      const list = Buffer.concat(names.flatMap(name => [name, TERMINATOR]))
      if (isGone || stdin.destroyed || stdin.write(list)) return
      await new Promise<void>(resolve => {
        const go = (): void => {
          for (const [emitter, event] of awaited) emitter.off(event, go)
          resolve()
        }
        const awaited = [[stdin, 'drain'], [stdin, 'close'], [child, 'exit']] as const
        for (const [emitter, event] of awaited) emitter.once(event, go)
      })
    },
    finish: () => {
      stdin.end()
    },
    archive: stdout as AsyncIterable<Buffer>,
    ended,
    readErrors: () => readErrors,
    kill: () => {
      child.kill('SIGKILL')
    }
  }
}

const TERMINATOR = Buffer.alloc(1)

/** A name as tar quotes it in messages (`escape` of gnulib's quotearg, and colons). */
function unquoted (name: string): Buffer {
  const text = name.replaceAll(
    /\\([0-7]{3}|.)/g,
    (_, code: string) => code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : ESCAPES[code] ?? code
  )
  return Buffer.from(text, 'latin1')
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v'
}

function failed ({ code, signal }: ToolEnd, messages: string): BackupError {
  const end = signal === null ? `exit code ${code}` : `signal ${signal}`
  return new BackupError('SOURCE_FAILED', `GNU tar ended with ${end}`, {
    hint: 'Try again; the log of the service has the messages of tar.',
    cause: new Error(messages)
  })
}
