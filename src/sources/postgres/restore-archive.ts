import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { BackupError } from '../../core/errors.ts'
import { clientEnvironment, startClient } from './client.ts'
import type { Database } from './connection.ts'
import { programPath, type Installation } from './programs.ts'

/** Processes that load data and create indexes. */
const JOBS = 2
/** Characters of the messages of pg_restore in an error. */
const MOST_TEXT = 2000

export interface ArchiveOptions {
  readonly installation: Installation
  readonly scratchDir: string
  /** Without owners and privileges of the objects. */
  readonly isWithoutOwners: boolean
  /** The path of a list for `--use-list`. Default: everything. */
  readonly list?: string
  /** `pre-data`, `data` or `post-data`. Default: all of them. */
  readonly section?: string
}

/**
 * Restores an archive of pg_dump into an empty database. The first error ends it: `RESTORE_FAILED`, and then the
 * database has a part of the content. The password is in a file that only this user can read.
 */
export async function restoreArchive (
  archive: string,
  database: Database,
  { installation, scratchDir, isWithoutOwners, list, section }: ArchiveOptions,
  signal: AbortSignal
): Promise<void> {
  const client = await clientEnvironment(database.server, scratchDir)
  try {
    const program = startClient(programPath(installation, 'pg_restore'), [
      ...client.args,
      '--exit-on-error',
      `--jobs=${JOBS}`,
      ...isWithoutOwners ? ['--no-owner', '--no-acl'] : [],
      ...section === undefined ? [] : [`--section=${section}`],
      ...list === undefined ? [] : [`--use-list=${list}`],
      `--dbname=${connectionString(database.name)}`,
      archive
    ], {
      variables: client.variables,
      failed: (end, messages) => restoreError(end, messages)
    }, signal)
    program.output.resume()
    await program.ended
  } finally {
    await client.close()
  }
}

/** Works with a directory that only this user can read, and removes it. */
export async function inDirectory<T> (scratchDir: string, work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(scratchDir, 'postgres-'))
  try {
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** A plain name would be read as a connection string where it contains "=" or begins like a URL. */
function connectionString (name: string): string {
  return `dbname='${name.replaceAll(/[\\']/g, '\\$&')}'`
}

function restoreError (end: string, messages: string): BackupError {
  const text = messages.trim().split('\n').filter(line => line.startsWith('pg_restore: error:') || !line.includes(':'))
    .join(' ').replaceAll('pg_restore: error: ', '').slice(0, MOST_TEXT)
  return new BackupError(
    'RESTORE_FAILED',
    `pg_restore failed (${end})${text === '' ? '' : `: ${text}`}`,
    { hint: 'Correct the cause that the message names, and restore again. The existing database was not changed.' }
  )
}
