import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  compareVersions,
  installationFor,
  installations,
  programPath,
  PROGRAMS,
  type Installation,
  type Program
} from '../../../src/sources/postgres/programs.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { tempDir } from '../../support/temp-dir.ts'

function program (directory: string, name: string, output: string): void {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, name), `#!/bin/sh\necho "${output}"\n`)
  chmodSync(join(directory, name), 0o755)
}

test('versions are found in a directory and in MAJOR/bin below it, the newest first, and each once', async t => {
  const root = tempDir(t)
  program(join(root, '15', 'bin'), 'pg_dump', 'pg_dump (PostgreSQL) 15.9 (Debian 15.9-1)')
  program(join(root, '15', 'bin'), 'pg_restore', '')
  program(join(root, '17', 'bin'), 'pg_dump', 'pg_dump (PostgreSQL) 17.12')
  program(join(root, 'next'), 'pg_dump', 'pg_dump (PostgreSQL) 19beta1')
  program(join(root, 'broken', 'bin'), 'pg_dump', 'no version')
  symlinkSync(join(root, '17', 'bin'), join(root, 'same'))
  const found = await installations([root, join(root, 'next'), join(root, 'same'), join(root, 'nowhere')])
  assert.deepEqual(found.map(({ version, major }) => [version, major]), [['19beta1', 19], ['17.12', 17], ['15.9', 15]])
  assert.deepEqual([...found[2]!.programs], ['pg_dump', 'pg_restore'])
  assert.equal(programPath(found[2]!, 'pg_dump'), join(root, '15', 'bin', 'pg_dump'))
})

function installation (version: string, programs: readonly Program[] = PROGRAMS): Installation {
  return { directory: `/pg/${version}`, major: Number.parseInt(version, 10), version, programs: new Set(programs) }
}

test('the programs of the version of the server are chosen, otherwise the next newer ones that are complete', async () => {
  const found = [installation('18.4'), installation('17.9'), installation('16.2', ['pg_dump']), installation('15.18')]
  const chosen = (major: number, needed: readonly Program[] = ['pg_dump']): string =>
    installationFor(found, major, needed).version
  assert.deepEqual([15, 16, 17, 18, 13].map(major => chosen(major)), ['15.18', '16.2', '17.9', '18.4', '15.18'])
  assert.equal(chosen(16, ['pg_dump', 'pg_restore']), '17.9')
  const older = await rejectsWith('SOURCE_TOOL_MISSING', (async () => chosen(19))())
  assert.match(older.message, /PostgreSQL 19.*the newest "pg_dump" found here is of PostgreSQL 18/)
  const none = await rejectsWith('SOURCE_TOOL_MISSING', (async () => installationFor([], 16, ['initdb']))())
  assert.match(none.hint ?? '', /"postgresql-16"/)
})

test('versions compare by their numbers', () => {
  assert.ok(compareVersions('15.9', '15.18') < 0)
  assert.ok(compareVersions('17.1', '9.6') > 0)
  assert.equal(compareVersions('17.1', '17.1'), 0)
  assert.ok(compareVersions('19beta1', '19.0') < 0)
})
