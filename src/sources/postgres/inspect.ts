import type { Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { counted } from '../../core/counted.ts'
import { BackupError } from '../../core/errors.ts'
import { MAIN } from '../../core/ports/part.ts'
import type { Inspector, SnapshotFacts } from '../../core/ports/source.ts'
import type { Check } from '../../core/ports/verification.ts'
import { POSTGRES_CHECKS } from './checks.ts'
import { startClient } from './client.ts'
import type { PostgresContext } from './context.ts'
import { CopyRows } from './copy-rows.ts'
import { compareCounts, type Counts } from './counts-check.ts'
import { decoderOf } from './encodings.ts'
import { postgresDetails } from './facts.ts'
import { lastMessage } from './messages.ts'
import { installationFor, installations, programPath } from './programs.ts'
import { tableKey } from './table-name.ts'

type Finding = Omit<Check, 'name'>

const ONLY_DRILL = 'only a drill restores the backup into a server'

/**
 * Verifies dumps as a stream, without a server and without scratch space: `pg_restore` reads the archive to its end,
 * and the rows of each table are counted. A machine without `pg_restore` proves nothing: the check is skipped with a
 * code.
 */
export function postgresInspector (context: PostgresContext): Inspector {
  return {
    checks: POSTGRES_CHECKS,
    async inspect (images, expected, signal) {
      const details = expected === null ? null : postgresDetails(expected)
      if (expected !== null && details === null) {
        return checksOf({ status: 'fail', reason: 'the manifest does not have the facts of a PostgreSQL database' })
      }
      const major = details === null ? 0 : Number.parseInt(details.clientVersion, 10)
      let program
      try {
        program = programPath(
          installationFor(await installations(context.programs), major, ['pg_restore']),
          'pg_restore'
        )
      } catch (error) {
        if (!(error instanceof BackupError) || error.code !== 'SOURCE_TOOL_MISSING') throw error
        return checksOf({ status: 'skipped', reason: `inconclusive: ${error.message}`, code: error.code })
      }
      const image = await images.open(MAIN, signal)
      try {
        const counts = await countRows(program, image, details?.encoding ?? 'UTF8', context.limits.timeout, signal)
        const rows = [...counts.rows.values()].reduce((sum, count) => sum + count, 0)
        return checksOf(
          { status: 'pass', reason: `${counted(counts.rows.size, 'table')}, ${counted(rows, 'row')}, to the end` },
          countsFinding(expected, counts)
        )
      } catch (error) {
        if (signal.aborted || !(error instanceof BackupError) || error.code !== 'BACKUP_INVALID') throw error
        return checksOf({ status: 'fail', reason: error.message })
      } finally {
        image.destroy()
      }
    }
  }
}

function checksOf (archive: Finding, counts?: Finding): readonly Check[] {
  const unreached: Finding = {
    status: 'skipped',
    reason: archive.status === 'fail'
      ? 'not reached, because archive failed'
      : 'not reached, because the verification was inconclusive'
  }
  return POSTGRES_CHECKS.map(({ name }) => ({
    name,
    ...name === 'archive'
      ? archive
      : counts === undefined
      ? unreached
      : name === 'row_counts'
      ? counts
      : { status: 'skipped', reason: ONLY_DRILL }
  }))
}

function countsFinding (expected: SnapshotFacts | null, counts: Counts): Finding {
  if (expected === null) return { status: 'skipped', reason: 'there is no manifest to compare them with' }
  return compareCounts(expected.tables, counts)
}

/** Throws `BACKUP_INVALID` for an archive that is damaged, and the error that ends `image`. */
async function countRows (
  program: string,
  image: Readable,
  encoding: string,
  timeout: number,
  signal: AbortSignal
): Promise<Counts> {
  const rows = new Map<string, number>()
  let unreadable = 0
  const decode = decoderOf(encoding)
  const script = new CopyRows(({ statement, rows: count }) => {
    const text = decode(statement)
    const key = text === undefined ? undefined : tableKey(text)
    if (key === undefined) unreadable++
    else rows.set(key, (rows.get(key) ?? 0) + count)
  })
  const watch = new AbortController()
  const client = startClient(program, ['--section=data', '-f', '-'], {
    variables: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' },
    hasInput: true,
    failed: archiveError
  }, AbortSignal.any([signal, watch.signal]))
  // Progress in either direction starts it again.
  const timer = setTimeout(() => {
    watch.abort(
      new BackupError('PROCESS_TIMED_OUT', `"pg_restore" read nothing for ${timeout / 1000} seconds`, {
        hint: 'Raise CHILD_TIMEOUT_MS, or give the machine less to do at that time, then verify the backup again.'
      })
    )
  }, timeout)
  try {
    const counting = (async () => {
      for await (const chunk of client.output as AsyncIterable<Buffer>) {
        timer.refresh()
        script.write(chunk)
      }
    })()
    counting.catch(() => {})
    await feed(image, client.input as Writable, () => {
      timer.refresh()
    })
    await client.ended
    await counting
    if (!script.isComplete) throw invalid('the data that pg_restore reads from the archive is incomplete')
    return { rows, unreadable }
  } catch (error) {
    client.kill()
    await client.ended.catch(() => {})
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** Gives all of `image` to a program. The program may end before it has read everything: its exit code explains why. */
async function feed (image: Readable, input: Writable, onProgress: () => void): Promise<void> {
  const closed = finished(input).catch(() => {})
  for await (const chunk of image as AsyncIterable<Buffer>) {
    onProgress()
    if (input.destroyed) return
    if (!input.write(chunk)) await Promise.race([drained(input), closed])
  }
  input.end()
}

async function drained (input: Writable): Promise<void> {
  await new Promise<void>(resolve => {
    input.once('drain', resolve)
  })
}

/** A program that another process ended, and one that lacks a part, prove nothing about the archive. */
function archiveError (end: string, messages: string): BackupError {
  const message = lastMessage(messages)
  if (/^signal SIG(?:KILL|TERM|INT|HUP)$/.test(end)) {
    return new BackupError('PROCESS_OUT_OF_MEMORY', `"pg_restore" was ended by another process (${end})`, {
      hint: 'Look in the log of the system for a lack of memory, then verify the backup again.'
    })
  }
  if (/this build does not support/i.test(messages)) {
    return new BackupError('SOURCE_TOOL_MISSING', `the "pg_restore" that is installed cannot read it: ${message}`, {
      hint: 'Install the package of the PostgreSQL project, or set POSTGRES_BIN to the directory of its programs.'
    })
  }
  return invalid(`pg_restore cannot read the archive: ${message || end}`)
}

function invalid (message: string): BackupError {
  return new BackupError('BACKUP_INVALID', message, { hint: 'Use an older backup, and create a new one.' })
}
