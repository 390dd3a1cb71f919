import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import pg from 'pg'
import { BackupError } from '../../../src/core/errors.ts'
import { MAIN } from '../../../src/core/ports/part.ts'
import type { Source } from '../../../src/core/ports/source.ts'
import { GLOBALS } from '../../../src/sources/postgres/facts.ts'
import { needPostgres, startPostgres, type PostgresServer } from '../../support/databases/postgres.ts'
import {
  assertNothingLeft,
  drained,
  programsWith,
  sessions,
  sourceOf
} from '../../support/databases/postgres-source.ts'
import { childAtWork } from '../../support/processes/children.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { FULL } from '../../support/sources/images.ts'
import { never, rejection } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

let server: PostgresServer

before(async () => {
  server = await startPostgres()
})

/** Rows of which more is written than the pipes hold, so that pg_dump is at work while something happens to it. */
async function large (name: string): Promise<string> {
  const url = await server.create(name)
  await server.query(name, "CREATE TABLE log AS SELECT repeat('x', 1000) AS x FROM generate_series(1, 20000)")
  return url
}

/** Begins a backup, reads the first bytes of its archive, does `harm`, reads on, and gives the error. */
async function harmed (
  { source, scratch }: { readonly source: Source, readonly scratch: string },
  harm: () => unknown,
  from = server
): Promise<BackupError> {
  const snapshot = await source.snapshot(FULL, never)
  const parts = snapshot.parts()[Symbol.asyncIterator]()
  const { value: main } = await parts.next()
  main.image.on('error', () => {})
  await new Promise(resolve => main.image.once('readable', resolve))
  await harm()
  const thrown = await rejection(drain(main.image))
  assert.equal(await rejection(snapshot.outcome()), thrown)
  await snapshot.close()
  if (from === server) await assertNothingLeft(server, scratch)
  assert.ok(thrown instanceof BackupError, String(thrown))
  return thrown
}

async function drain (image: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0
  for await (const chunk of image) bytes += chunk.length
  return bytes
}

test('pg_dump that is killed ends the backup as failed', async t => {
  if (!needPostgres(t)) return
  const { message, code } = await harmed(sourceOf(t, server, await large('killed')), async () => {
    process.kill(await childAtWork('pg_dump'), 'SIGKILL')
  })
  assert.equal(code, 'SOURCE_FAILED')
  assert.match(message, /pg_dump failed \(.*SIGKILL/)
})

test('a session that an administrator ends during the dump ends the backup as failed', async t => {
  if (!needPostgres(t)) return
  const { code, message } = await harmed(
    sourceOf(t, server, await large('terminated')),
    () =>
      server.query(
        'postgres',
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holdfast pg_dump'"
      )
  )
  assert.equal(code, 'SOURCE_FAILED')
  // libpq does not always read the message of the server before it notices that the connection is gone.
  assert.match(message, /pg_dump failed \(exit code 1\): .*(?:terminating connection|server closed the connection)/s)
})

test('a server that dies during the dump is unreachable', async t => {
  if (!needPostgres(t)) return
  const dying = await startPostgres()
  const url = await dying.create('dying')
  await dying.query('dying', "CREATE TABLE log AS SELECT repeat('x', 1000) AS x FROM generate_series(1, 20000)")
  const { code, message } = await harmed(sourceOf(t, dying, url), () => dying.kill(), dying)
  assert.equal(code, 'SOURCE_UNREACHABLE')
  assert.match(message, /does not answer/)
})

const PROGRAMS: ReadonlyArray<readonly [string, string, string, RegExp]> = [
  ['ends with code 1 after all bytes', 'pg_dump', '"$REAL" "$@"; exit 1', /pg_dump failed \(exit code 1\)/],
  [
    'closes its output, and fails later',
    'pg_dump',
    '"$REAL" "$@"; exec >&-; sleep 0.3; echo "too late" >&2; exit 3',
    /exit code 3\): too late/
  ],
  ['writes half of the archive', 'pg_dump', '"$REAL" "$@" | head -c 2000; exit 1', /exit code 1/],
  ['writes nothing', 'pg_dump', 'echo garbage >&2; exit 1', /garbage/],
  ['is killed by a signal', 'pg_dump', 'kill -TERM $$', /SIGTERM/],
  ['fails for the roles', 'pg_dumpall', '"$REAL" "$@"; exit 1', /pg_dumpall failed \(exit code 1\)/]
]

for (const [title, program, script, expected] of PROGRAMS) {
  test(`a program that ${title} makes no backup`, async t => {
    if (!needPostgres(t)) return
    const name = title.replaceAll(/\W/g, '_')
    const url = await server.create(name)
    await server.query(name, 'CREATE TABLE t AS SELECT generate_series(1, 1000) AS x')
    const { source, scratch } = sourceOf(t, server, url, { directories: [programsWith(t, server, program, script)] })
    const error = await rejectsWith('SOURCE_FAILED', takeOnce(source))
    assert.match(error.message, expected)
    await assertNothingLeft(server, scratch)
  })
}

for (const part of [MAIN, GLOBALS]) {
  test(`a program that hangs in ${part} is ended by an abort, with its reason, also where it ignores a request`, async t => {
    if (!needPostgres(t)) return
    const program = part === MAIN ? 'pg_dump' : 'pg_dumpall'
    const url = await server.create(`hung_${part}`)
    const directory = programsWith(t, server, program, 'trap "" TERM; echo some bytes; while :; do sleep 0.1; done')
    const { source, scratch } = sourceOf(t, server, url, { directories: [directory] })
    const abort = new AbortController()
    const reason = new Error('cancelled')
    const snapshot = await source.snapshot(FULL, abort.signal)
    const reading = rejection((async () => {
      for await (const { name, image } of snapshot.parts()) {
        for await (const chunk of image as AsyncIterable<Buffer>) {
          if (name === part && chunk.length > 0) abort.abort(reason)
        }
      }
    })())
    assert.equal(await reading, reason)
    assert.equal(await rejection(snapshot.outcome()), reason)
    await snapshot.close()
    await assertNothingLeft(server, scratch)
  })
}

test('a lock that a change of the schema holds is named, and nothing is left waiting', async t => {
  if (!needPostgres(t)) return
  const url = await server.create('locked')
  await server.query('locked', 'CREATE TABLE t (x int); CREATE TABLE u (x int)')
  const { source, scratch } = sourceOf(t, server, url, { lockTimeout: 200 })
  const other = new pg.Client({ connectionString: url })
  await other.connect()
  t.after(() => other.end())
  await other.query('BEGIN; ALTER TABLE t ADD y int')
  await source.probe(FULL, never)
  const { message } = await rejectsWith('SOURCE_LOCKED', source.snapshot(FULL, never))
  assert.match(message, /lock timeout/)
  await assertNothingLeft(server, scratch)
  await other.query('COMMIT')
  assert.equal((await takeOnce(source)).length, 2)
})

test('a change of the schema that waits for the backup, and the backup for it, comes first', async t => {
  if (!needPostgres(t)) return
  const url = await server.create('locked_later')
  await server.query('locked_later', 'CREATE TABLE t (x int)')
  // The program waits until the change waits for the lock that the view has.
  const flag = join(tempDir(t), 'go')
  const directory = programsWith(t, server, 'pg_dump', `while [ ! -e ${flag} ]; do sleep 0.05; done; exec "$REAL" "$@"`)
  const { source, scratch } = sourceOf(t, server, url, { directories: [directory], lockTimeout: 500 })
  const taking = takeOnce(source)
  await childAtWork('pg_dump')
  const changing = server.query('locked_later', 'ALTER TABLE t ADD y int; INSERT INTO t VALUES (1, 2)')
  for (let isWaiting = false; !isWaiting;) {
    const [row] = await server.query('postgres', 'SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted) AS is')
    isWaiting = row.is
  }
  writeFileSync(flag, '')
  assert.deepEqual(await taking, [{ name: 'public.t', rows: 1 }])
  await changing
  await assertNothingLeft(server, scratch)
})

test('tables that are dropped and made while a backup begins are in it or not, and never half', async t => {
  if (!needPostgres(t)) return
  const url = await server.create('restless')
  await server.query('restless', 'CREATE TABLE steady AS SELECT generate_series(1, 10) AS x')
  const other = new pg.Client({ connectionString: url })
  await other.connect()
  const ending = new AbortController()
  const changing = (async () => {
    for (let at = 0; !ending.signal.aborted; at++) {
      await other.query(
        `BEGIN; DROP TABLE IF EXISTS t${at % 3}; CREATE TABLE t${
          at % 3
        } AS SELECT generate_series(1, 5) AS x; COMMIT; SELECT pg_sleep(0.7)`
      )
    }
  })()
  const { source } = sourceOf(t, server, url)
  let complete = 0
  try {
    for (let round = 0; round < 8; round++) {
      const counts = await takeOnce(source).catch((error: unknown) => {
        if (error instanceof BackupError && error.code === 'SOURCE_LOCKED') return []
        throw error
      })
      for (const { name, rows } of counts) assert.equal(rows, name === 'public.steady' ? 10 : 5, name)
      if (counts.length > 0) complete++
    }
  } finally {
    ending.abort()
    await changing
    await other.end()
  }
  assert.ok(complete > 0)
})

test('a snapshot that is closed before it is read leaves nothing', async t => {
  if (!needPostgres(t)) return
  const { source, scratch } = sourceOf(t, server, await large('closed'))
  const snapshot = await source.snapshot(FULL, never)
  await snapshot.close()
  await snapshot.close()
  assert.equal((await rejection(snapshot.outcome()) as BackupError).code, 'INTERRUPTED')
  await assertNothingLeft(server, scratch)
  assert.deepEqual(await sessions(server), [])
})

test('a program that cannot be started is an error of the machine', async t => {
  if (!needPostgres(t)) return
  const url = await server.create('unstarted')
  const directory = programsWith(t, server, 'pg_dump', 'exit 0')
  writeFileSync(
    join(directory, 'pg_dump'),
    readFileSync(join(directory, 'pg_dump'), 'utf8').replace('#!/bin/sh', '#!/no/shell')
  )
  const { source } = sourceOf(t, server, url, { directories: [directory] })
  await rejectsWith('SOURCE_TOOL_MISSING', source.probe(FULL, never))
})

async function takeOnce (source: Source): Promise<
  ReadonlyArray<{ readonly name: string, readonly rows: number | null }>
> {
  const snapshot = await source.snapshot(FULL, never)
  try {
    return (await drained(snapshot)).facts.tables
  } finally {
    await snapshot.close()
  }
}
