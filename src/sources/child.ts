import { readSync, writeSync } from 'node:fs'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { BackupError, toBackupError } from '../core/errors.ts'
import { shortened } from '../core/shortened.ts'
import type { Watch } from './watch-worker.ts'

/**
 * Where a child writes the image: a pipe that blocks, apart from standard output so that nothing stray gets into it.
 */
export const IMAGE_FD = 3

/** Where a child writes its messages, one JSON text a line: a pipe that blocks. */
export const MESSAGE_FD = 4
/** Bytes of one message. The manifest, which has the largest part of the largest message, has the same limit. */
export const MESSAGE_LIMIT = 16 * 1024 * 1024

/** Standard input, from which a child reads its task. */
const TASK_FD = 0
const NEWLINE = 0x0a
const CHUNK = 64 * 1024
/** Characters of the message of an error, which may quote any text of a database. */
const MESSAGE_TEXT = 4000

/** The line on a child's standard input. The parent holds the pipe open for as long as it lives. */
export interface Envelope {
  /** The parent's process id. */
  readonly parent: number
  readonly task: unknown
  /** Bytes of resident memory at which the process ends. */
  readonly memoryLimit: number
}

/**
 * Signals that a process manager, a terminal or `timeout` sends to the whole group. The parent decides which work goes
 * on, and ends a child by `SIGKILL`.
 */
const OF_THE_GROUP = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

let parent = 0

/** The module `name` beside `url`, whether this runs from source or built. */
export function sibling (url: string, name: string): URL {
  return new URL(`./${name}${extname(url)}`, url)
}

/**
 * The main of a child process: runs `work` on the task that standard input carries, and ends. A failure goes to the
 * parent as its last message, and as the exit code 1. When the parent goes away, or the memory exceeds the limit, a
 * thread ends the process, also while SQLite computes.
 */
export async function runChild<
  Task,
  Message
> (work: (task: Task, send: (message: Message) => Promise<void>) => Promise<void>): Promise<void> {
  for (const signal of OF_THE_GROUP) process.on(signal, () => {})
  try {
    const envelope = JSON.parse(readLine()) as Envelope
    parent = envelope.parent
    startWatch(envelope)
    await work(envelope.task as Task, send)
    process.exitCode = 0
  } catch (error) {
    const { code, message, hint } = toBackupError(error)
    await send({ type: 'failed', code, message: shortened(message, MESSAGE_TEXT), hint })
    process.exitCode = 1
  }
}

function startWatch ({ memoryLimit }: Envelope): void {
  const workerData: Watch = { fd: TASK_FD, memoryLimit }
  const options = {
    workerData,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 2 }
  }
  new Worker(sibling(import.meta.url, 'watch-worker'), options).unref()
}

/**
 * Throws `INTERRUPTED` once the parent is gone. For a child that does without turns of the event loop, before a step
 * that cannot be taken back: whoever starts the service again must find nothing still at work.
 */
export function requireParent (): void {
  if (process.ppid !== parent) throw new BackupError('INTERRUPTED', 'the service stopped before the job finished')
}

/**
 * Reads up to the end of the line, which may have any length: an argument ends at 128 KiB, and every user may read it.
 */
function readLine (): string {
  const parts: Buffer[] = []
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK)
    const length = readSync(TASK_FD, chunk)
    const end = chunk.subarray(0, length).indexOf(NEWLINE)
    parts.push(chunk.subarray(0, end < 0 ? length : end))
    if (end >= 0) return Buffer.concat(parts).toString('utf8')
    if (length === 0) throw new BackupError('INTERRUPTED', 'the service stopped before it passed on the task')
  }
}

async function send (message: unknown): Promise<void> {
  const line = Buffer.from(`${JSON.stringify(message)}\n`)
  if (line.length > MESSAGE_LIMIT) throw answerTooLarge()
  for (let done = 0; done < line.length;) done += writeSync(MESSAGE_FD, line, done)
}

export function answerTooLarge (): BackupError {
  return new BackupError('ANSWER_TOO_LARGE', `the response is larger than ${MESSAGE_LIMIT} bytes`, {
    hint: 'Request fewer tables or rows at once.'
  })
}
