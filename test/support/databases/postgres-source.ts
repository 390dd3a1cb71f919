import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import type { Snapshot, SnapshotFacts, Source } from '../../../src/core/ports/source.ts'
import { parseUrl } from '../../../src/sources/postgres/connection.ts'
import type { Selection } from '../../../src/sources/postgres/fields.ts'
import { postgresSource, type PostgresSourceOptions } from '../../../src/sources/postgres/source.ts'
import { childrenAtWork } from '../processes/children.ts'
import { FULL } from '../sources/images.ts'
import { never } from '../streams.ts'
import { tempDir } from '../temp-dir.ts'
import type { PostgresServer } from './postgres.ts'

export const NO_SELECTION: Selection = { schemas: [], excludeSchemas: [], excludeTables: [], excludeTableData: [] }

/** A source for a test, with the programs of the server, and its scratch directory. */
export function sourceOf (
  t: TestContext,
  server: PostgresServer,
  url: string,
  options: Partial<PostgresSourceOptions> = {}
): { readonly source: Source, readonly scratch: string } {
  const scratch = tempDir(t)
  const source = postgresSource({
    name: 'books',
    database: parseUrl(url),
    selection: NO_SELECTION,
    globals: undefined,
    directories: [server.programs],
    scratchDir: scratch,
    ...options
  })
  return { source, scratch }
}

/** The programs of the server in a new directory, one of them replaced by a script of `sh`; `$REAL` is the real one. */
export function programsWith (t: TestContext, server: PostgresServer, program: string, script: string): string {
  const directory = tempDir(t)
  for (const name of readdirSync(server.programs)) {
    if (name !== program) symlinkSync(join(server.programs, name), join(directory, name))
  }
  const real = join(server.programs, program)
  const path = join(directory, program)
  writeFileSync(
    path,
    `#!/bin/sh\nREAL='${real}'\n[ "$1" = --version ] && exec "$REAL" --version\n${script}\n`
  )
  chmodSync(path, 0o755)
  return directory
}

export interface Taken {
  readonly parts: ReadonlyMap<string, Buffer>
  readonly facts: SnapshotFacts
}

/** Makes a backup and closes the snapshot. */
export async function taken (source: Source): Promise<Taken> {
  const snapshot = await source.snapshot(FULL, never)
  try {
    return await drained(snapshot)
  } finally {
    await snapshot.close()
  }
}

export async function drained (snapshot: Snapshot): Promise<Taken> {
  const parts = new Map<string, Buffer>()
  for await (const { name, image } of snapshot.parts()) parts.set(name, await buffer(image))
  return { parts, facts: (await snapshot.outcome()).facts }
}

/** Restores an archive into a new database of the server by pg_restore. */
export async function restored (
  t: TestContext,
  server: PostgresServer,
  archive: Buffer,
  database: string,
  { isWithoutOwner = false } = {}
): Promise<void> {
  await server.create(database)
  const path = join(tempDir(t), 'archive.dump')
  writeFileSync(path, archive)
  execFileSync(join(server.programs, 'pg_restore'), [
    '--exit-on-error',
    ...isWithoutOwner ? ['--no-owner', '--no-acl'] : [],
    '-d',
    server.url(encodeURIComponent(database)),
    path
  ], { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Asserts that no program, no session and no file is left of a snapshot. */
export async function assertNothingLeft (server: PostgresServer, scratch: string): Promise<void> {
  assert.deepEqual([...childrenAtWork('pg_dump'), ...readdirSync(scratch)], [])
  assert.deepEqual(await sessions(server), [])
}

/** Sessions of the service in the server, once those that are ending have ended. */
export async function sessions (server: PostgresServer): Promise<readonly unknown[]> {
  for (let attempt = 0;; attempt++) {
    const rows = await server.query(
      'postgres',
      "SELECT pid, query FROM pg_stat_activity WHERE application_name LIKE 'holdfast%'"
    )
    if (rows.length === 0 || attempt === 50) return rows
    await server.query('postgres', 'SELECT pg_sleep(0.05)')
  }
}
