import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import pg from 'pg'
import { MAIN } from '../../../src/core/ports/part.ts'
import { loadKinds } from '../../../src/core/ports/source-kind.ts'
import { parseUrl } from '../../../src/sources/postgres/connection.ts'
import { postgres } from '../../../src/sources/postgres/kind.ts'
import { DEFAULT_LIMITS } from '../../../src/sources/subprocess.ts'
import { postgresPrograms, startPostgres, type PostgresServer } from '../../support/databases/postgres.ts'
import { programsWith } from '../../support/databases/postgres-source.ts'
import { childAtWork, childrenAtWork } from '../../support/processes/children.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { sourceSuite, type Scene } from '../../suites/source-suite.ts'

/** Accounts whose balances always add up to the same. */
const ACCOUNTS = 100
const TOTAL = ACCOUNTS * 1000

for (const major of [15, 17]) {
  if (postgresPrograms(major) === undefined && process.env.CI !== 'true') {
    process.stderr.write(`PostgreSQL ${major} is not installed: its contract is not tested\n`)
    continue
  }
  const server = startPostgres({ major })
  let databases = 0
  sourceSuite(`PostgreSQL ${major}`, async t => await scene(t, await server, `bank_${++databases}`))
}

/** A ledger with more than everything that a pipe holds. */
const LEDGER = `
  CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL);
  CREATE TABLE entry (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account int REFERENCES account, note text);
  CREATE INDEX ON entry (account);
  INSERT INTO account SELECT i, 1000 FROM generate_series(1, ${ACCOUNTS}) i;
  INSERT INTO entry (account, note) SELECT i % ${ACCOUNTS} + 1, repeat('ledger ' || i, 100) FROM generate_series(1, 5000) i`

async function scene (t: TestContext, server: PostgresServer, name: string): Promise<Scene> {
  const scratch = tempDir(t)
  const url = await server.create(name)
  await server.query(name, LEDGER)
  const programs = programsWith(t, server, 'pg_dumpall', 'exec "$REAL" "$@"')
  const kinds = await loadKinds([postgres], {
    scratchDir: scratch,
    limits: DEFAULT_LIMITS,
    settings: { postgresBin: [server.programs] }
  })
  const kind = kinds.get(postgres.name) ?? assert.fail()
  const source = kind.source(name, { url: parseUrl(url), programs: [programs] })
  const sql = (statement: string, database = name): string =>
    execFileSync(join(server.programs, 'psql'), ['-XAtqc', statement, server.url(database)], { encoding: 'utf8' })
  const content = (): unknown => sql(CONTENT).trim().split('\n')
  return {
    kind,
    source,
    drilled: ['restore', 'schema', 'sequences', 'amcheck'],
    placement: {
      mode: 'replace',
      path: source.location,
      overwrite: false,
      timeout: 5000,
      aside: kind.targets?.aside(source.location) ?? assert.fail()
    },
    content,
    change () {
      sql("DELETE FROM entry WHERE id % 2 = 0; UPDATE entry SET note = 'changed'; CREATE TABLE late (x int)")
    },
    startWriting: () => startTransfers(url),
    assertWhole (restored) {
      assert.equal((restored as string[])[0], String(TOTAL))
    },
    state: content,
    leftovers: () => [
      ...childrenAtWork('pg_dump').map(String),
      ...readdirSync(scratch),
      // A session ends a moment after its connection.
      ...sql(
        "SELECT pg_sleep(0.2); SELECT query FROM pg_stat_activity WHERE application_name LIKE 'holdfast%'",
        'postgres'
      )
        .split('\n').filter(line => line !== '')
    ],
    sabotage (part) {
      if (part === MAIN) {
        return async () => {
          process.kill(await childAtWork('pg_dump'), 'SIGKILL')
        }
      }
      const path = join(programs, 'pg_dumpall')
      rmSync(path)
      writeFileSync(path, '#!/bin/sh\necho some bytes; exec sleep 60\n')
      chmodSync(path, 0o755)
      return async () => {
        process.kill(await childAtWork('sleep'), 'SIGKILL')
      }
    }
  }
}

const CONTENT = `SELECT sum(balance) FROM account;
  SELECT count(*), md5(string_agg(id || note, ',' ORDER BY id)) FROM entry;
  SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace`

/** Moves money between two accounts in each transaction, until the result is called. */
async function startTransfers (url: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const ending = new AbortController()
  const transfer = async (at: number): Promise<void> => {
    await client.query(
      `BEGIN; UPDATE account SET balance = balance - 7 WHERE id = ${at % ACCOUNTS + 1};
       UPDATE account SET balance = balance + 7 WHERE id = ${(at * 7 + 3) % ACCOUNTS + 1};
       INSERT INTO entry (account, note) VALUES (1, 'moved'); COMMIT`
    )
  }
  await transfer(0)
  const writing = (async () => {
    for (let at = 1; !ending.signal.aborted; at++) await transfer(at)
  })()
  return async () => {
    ending.abort()
    await writing
    await client.end()
  }
}
