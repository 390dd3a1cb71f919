import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import type { SourceFinding } from '../../../src/core/ports/finding.ts'
import { parseUrl } from '../../../src/sources/postgres/connection.ts'
import {
  databaseSize,
  examineConnection,
  examinePrograms,
  examineRights,
  examineServer
} from '../../../src/sources/postgres/examine.ts'
import type { PostgresValues } from '../../../src/sources/postgres/fields.ts'
import { needPostgres, startPostgres, type PostgresServer } from '../../support/databases/postgres.ts'
import { programsWith } from '../../support/databases/postgres-source.ts'
import { tempDir } from '../../support/temp-dir.ts'

let server: PostgresServer
const GONE: PostgresValues = { url: parseUrl('postgresql://u@127.0.0.1:1/books') }

before(async () => {
  server = await startPostgres()
  await server.create('books')
  await server.query('books', 'CREATE TABLE t (x int); CREATE ROLE clerk LOGIN')
})

function statuses (findings: readonly SourceFinding[]): readonly string[] {
  return findings.map(({ status }) => status)
}

function valuesOf (user = 'postgres'): PostgresValues {
  return { url: parseUrl(server.url('books', user)), programs: [server.programs] }
}

test('the rights of the role are examined, and those that are missing are named', async t => {
  if (!needPostgres(t)) return
  assert.deepEqual(await examineRights(valuesOf()), [
    { status: 'ok', message: 'the role "postgres" can read 1 table of the database "books"' }
  ])
  const [finding] = await examineRights(valuesOf('clerk'))
  assert.equal(finding?.status, 'fail')
  assert.match(finding.message, /"clerk" may not read "public.t"/)
  await server.query('books', 'GRANT SELECT ON t TO clerk')
  const [, passwords] = await examineRights(valuesOf('clerk'))
  assert.match(passwords?.message ?? '', /backups have the roles without them/)
  assert.deepEqual(statuses(await examineRights({ ...valuesOf('clerk'), globals: 'without-passwords' })), ['ok'])
  assert.deepEqual(statuses(await examineRights(GONE)), ['fail'])
})

test('the programs for the server are examined, with known defects and those that only drills need', async t => {
  if (!needPostgres(t)) return
  const [good] = await examinePrograms(valuesOf())
  assert.match(good?.message ?? '', /PostgreSQL 15 is backed up by pg_dump 15\.\d+ \(found: /)
  const old = programsWith(t, server, 'pg_dump', 'exit 1')
  writeFileSync(join(old, 'pg_dump'), '#!/bin/sh\necho "pg_dump (PostgreSQL) 15.3"\n')
  const defects = await examinePrograms({ ...valuesOf(), programs: [old] })
  assert.deepEqual(statuses(defects), ['ok', 'warn'])
  assert.match(defects[1]?.message ?? '', /pg_dump 15.3 has known defects, which 15.14 corrects/)
  const newer = programsWith(t, server, 'initdb', 'exit 1')
  writeFileSync(join(newer, 'initdb'), '')
  chmodSync(join(newer, 'initdb'), 0o644)
  const withoutServer = await examinePrograms({ ...valuesOf(), programs: [newer] })
  assert.match(withoutServer.at(-1)?.message ?? '', /drills cannot restore a backup into a server/)
  const [missing] = await examinePrograms({ ...valuesOf(), programs: [tempDir(t)] })
  assert.deepEqual(missing?.status, 'fail')
  const [unknown] = await examinePrograms({ ...GONE, programs: [server.programs] })
  assert.equal(unknown?.status, 'skipped')
  assert.match(unknown.message, /the programs found are: 15/)
})

test('TLS and the file of the password are examined without a connection', async t => {
  const of = async (url: string, passwordFile?: string): Promise<readonly SourceFinding[]> =>
    await examineConnection({ url: parseUrl(url), passwordFile })
  assert.deepEqual(statuses(await of('postgresql://u@127.0.0.1/d')), ['ok'])
  assert.deepEqual(statuses(await of('postgresql:///d?user=u&host=/run/postgresql')), ['ok'])
  assert.deepEqual(statuses(await of('postgresql://u@db/d?sslmode=require')), ['warn'])
  assert.deepEqual(statuses(await of('postgresql://u@db/d?sslmode=verify-full&sslrootcert=/ca.pem')), ['ok'])
  const path = join(tempDir(t), 'password')
  writeFileSync(path, 'x', { mode: 0o600 })
  assert.deepEqual(statuses(await of('postgresql://u@127.0.0.1/d', path)), ['ok', 'ok'])
  chmodSync(path, 0o644)
  assert.deepEqual(statuses(await of('postgresql://u@127.0.0.1/d', path)), ['ok', 'warn'])
  assert.deepEqual(statuses(await of('postgresql://u@127.0.0.1/d', '/no/file')), ['ok', 'fail'])
})

test('the version and the size of the database are known, and of a server that is gone neither', async t => {
  if (!needPostgres(t)) return
  assert.match((await examineServer(valuesOf()))[0]?.message ?? '', /^the server is PostgreSQL 15\.\d+$/)
  assert.deepEqual(statuses(await examineServer(GONE)), ['skipped'])
  assert.ok(await databaseSize(valuesOf()) > 1_000_000)
  assert.equal(await databaseSize(GONE), 0)
})
