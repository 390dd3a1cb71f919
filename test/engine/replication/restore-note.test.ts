import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { INSTANCE_MARKER } from '../../../src/core/instance.ts'
import { restoreNoteText } from '../../../src/core/restore/restore-note.ts'
import { openOffsite } from '../../../src/engine/replication/copy-task.ts'
import { landingTrouble } from '../../../src/engine/replication/known-store.ts'
import { leaveNote } from '../../../src/engine/replication/restore-note.ts'
import { surveyStore } from '../../../src/engine/replication/survey-store.ts'
import { SOURCE_KINDS } from '../../../src/sources/index.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { testOffsite } from '../../support/stores/offsite.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never } from '../../support/streams.ts'

const TEXT = restoreNoteText(SOURCE_KINDS)

test('on a new machine no source is configured, so that the restore in the note has a target', () => {
  assert.match(TEXT, /^ {2}holdfast restore --latest --source <source> --output <new file>$/m)
})

test('a store tells how to restore what is in it, anew when we say something else, and once where nothing is overwritten', async t => {
  const { offsite, directories } = await testOffsite(t, { far: {} })
  const { store } = offsite.get('far')!
  const path = join(directories['far'] ?? '', 'RESTORE.txt')
  await leaveNote(store, { isAppendOnly: true, text: TEXT }, never)
  assert.equal(readFileSync(path, 'utf8'), TEXT)
  writeFileSync(path, 'what an older version said')
  await leaveNote(store, { isAppendOnly: true, text: TEXT }, never)
  assert.equal(readFileSync(path, 'utf8'), 'what an older version said')
  await leaveNote(store, { isAppendOnly: false, text: TEXT }, never)
  assert.equal(readFileSync(path, 'utf8'), TEXT)
})

test('what says the same already is not written again', async t => {
  const { offsite } = await testOffsite(t, { far: {} })
  const { store } = offsite.get('far')!
  await leaveNote(store, { isAppendOnly: false, text: TEXT }, never)
  await leaveNote(
    {
      ...store,
      put: () => {
        throw new Error('it was written')
      }
    },
    { isAppendOnly: false, text: TEXT },
    never
  )
})

test('a store with nothing but the note is as empty as one without it', async t => {
  const { offsite, directories } = await testOffsite(t, { far: {} })
  const bench = await testEngine(t, { offsite })
  await bench.create({ upload: true })
  await leaveNote(bench.deps.store, { isAppendOnly: false, text: TEXT }, never)
  await openOffsite(bench.deps, offsite.get('far')!, never)
  const files = bench.files().filter(file => file !== 'RESTORE.txt')
  for (const directory of [bench.directory, directories['far'] ?? '']) {
    for (const file of files) rmSync(join(directory, file))
  }
  rmSync(join(bench.directory, INSTANCE_MARKER))
  assert.equal((await landingTrouble(bench.deps, never))?.code, 'STORE_UNAVAILABLE')
  await rejectsWith('STORE_UNAVAILABLE', openOffsite(bench.deps, offsite.get('far')!, never))
  await rejectsWith('STORE_UNAVAILABLE', surveyStore(bench.deps, offsite.get('far')!, never))
})

test('the note names every ending that a backup can have, and no line of it is too long', () => {
  for (const compression of ['', '.gz', '.zst']) {
    for (const seal of ['', '.age', '.gpg']) {
      assert.match(
        TEXT,
        new RegExp(`^ {2}\\$B${compression}${seal} `.replaceAll('.', '\\.').replaceAll('\\\\.', '\\.'), 'm')
      )
    }
  }
  assert.ok(TEXT.split('\n').every(line => line.length < 80))
})

test('the note has the tools and the steps of every kind of source', () => {
  const other = {
    name: 'text',
    label: 'text file',
    byHand: { tool: 'cat', note: '  cat $B\n', command: 'cat backup.txt' }
  }
  const text = restoreNoteText([...SOURCE_KINDS, other])
  assert.match(text, /gzip, zstd,\nsqlite3, GNU tar, jq, pg_restore, cat, and age or gpg/)
  assert.match(text, /^Kind "sqlite" \(SQLite database\):\n\n {2}sqlite3 \$B /m)
  assert.match(text, /put \$B in its place\.\n\nKind "directory" \(directory\):\n\n {2}tar -tvf \$B /)
  assert.match(text, /restore all of them\.\n\nKind "postgres" \(PostgreSQL database\):\n\n {2}pg_restore -l \$B /)
  assert.match(
    text,
    /Rename the databases when the restored one is right\.\n\nKind "text" \(text file\):\n\n {2}cat \$B\n\nThe private key/
  )
})

test('the note tells of backups of several parts: their files, their digests, and that each is unpacked', () => {
  assert.match(TEXT, /<source>-backup-<time>\.<part>\.\.\. /)
  assert.match(TEXT, /^If the manifest has "parts", download all of them and do the same with each:$/m)
})
