import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { OUTPUTS } from '../../../src/cli/schemas.ts'
import { holdfast, startHoldfast } from '../../support/processes/holdfast.ts'
import { commandLine } from '../../support/cli/command-line.ts'
import { GrowingSource } from '../../support/sources/growing-source.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { testOffsite } from '../../support/stores/offsite.ts'
import { startService } from '../../support/processes/service.ts'
import { shopHome } from '../../support/databases/shop-home.ts'
import { sqliteProcess } from '../../support/processes/sqlite-process.ts'
import { until } from '../../support/streams.ts'
import { tokenFor } from '../../support/http/token.ts'

test('backup create says what was made, how large it is and under which number', async t => {
  const { holdfast, engine } = await commandLine(t)
  const { code, out } = await holdfast(
    'backup',
    'create',
    '--type',
    'full',
    '--description',
    'Before v2.5',
    '--compression',
    'zstd'
  )
  assert.equal(code, 0)
  assert.match(
    out,
    /^✓ Created full backup: shop-backup-2025-11-24T23-30-00\.db\.zst\n {2}Size: \d+ B \(compressed from 100\.0 kB\)\n {2}Duration: 0\.0 s\n {2}Compression ratio: [\d.]+x\n {2}Backup ID: 1\n$/
  )
  const { description, type, verification } = await engine.backup(1)
  assert.deepEqual([description, type, verification.status], ['Before v2.5', 'manual', 'valid'])
})

test('"backup" alone makes one as well, of the source that is named either way', async t => {
  const { holdfast, engine } = await commandLine(t, { sources: [new MemorySource('shop'), new MemorySource('ledger')] })
  for (
    const words of [['backup'], ['backup', 'ledger'], ['backup', '--source', 'ledger'], [
      'backup',
      'create',
      'shop',
      '--source',
      'shop'
    ]]
  ) assert.equal((await holdfast(...words)).code, 0, words.join(' '))
  assert.deepEqual((await engine.backups({ limit: 9 })).backups.map(({ source }) => source), [
    'shop',
    'ledger',
    'ledger',
    'shop'
  ])
  assert.equal((await holdfast('backup', 'shop', '--source', 'ledger')).code, 2)
})

test('--no-verify leaves out the proof and says so, --pre-migration marks the backup, "wal" is a full one', async t => {
  const { holdfast, engine } = await commandLine(t)
  assert.match(
    (await holdfast('backup', '--no-verify', '--pre-migration', '--type', 'wal')).out,
    /Created full backup[^]*Verified: no/
  )
  const { type, verification } = await engine.backup(1)
  assert.deepEqual([type, verification.status], ['pre-migration', 'unverified'])
})

test('continuous archiving of the log is not supported, and the refusal says what is near it', async t => {
  const { holdfast } = await commandLine(t)
  const { code, err } = await holdfast('backup', 'create', '--type', 'wal', '--continuous')
  assert.equal(code, 2)
  assert.match(err, /continuous archiving of the log is not supported\nhint: .*hourly schedule/)
})

test('an increment is refused for a kind of source that makes none', async t => {
  const { holdfast } = await commandLine(t)
  const { code, err } = await holdfast('backup', 'create', '--type', 'incremental')
  assert.equal(code, 2)
  assert.match(err, /does not support "incremental" backups\nhint: Request "full", or omit the method\./)
})

test('an increment names what it is built on, and a full backup in its place the reason', async t => {
  const notes = new GrowingSource('notes')
  const { holdfast } = await commandLine(t, { sources: [notes] })
  const create = async (...flags: string[]): Promise<string> =>
    (await holdfast('backup', 'create', '--type', 'incremental', ...flags)).out
  assert.match(
    await create(),
    /Created full backup[^]*Note: Full instead of incremental: there is no backup yet for an increment/
  )
  notes.add('more')
  const made = await create('--description', 'noon')
  assert.match(made, /Created incremental backup[^]*Depends on: backup 1\n/)
  assert.doesNotMatch(made, /Note/)
  const list = (await holdfast('backup', 'list')).out
  assert.match(list, /METHOD[^]*incremental, on 1 [^]* full /)
  assert.match((await holdfast('show', '2')).out, /chain +increment 1 of notes-1, based on backup 1/)
  assert.match((await holdfast('show', '1')).out, /chain +full backup of notes-1/)
})

test('what fails has the exit code of its error, and with --json it is the last line on standard error', async t => {
  const { holdfast, faults } = await commandLine(t)
  assert.equal((await holdfast('backup', 'nowhere')).code, 4)
  faults.fail('source.probe', { error: new BackupError('SOURCE_LOCKED', 'the database is locked') })
  assert.equal((await holdfast('backup')).code, 7)
  faults.fail('source.probe', {
    error: new BackupError('SOURCE_MALFORMED', 'the database is malformed', { hint: 'Look.' })
  })
  const { code, out, err } = await holdfast('backup', '--json')
  assert.deepEqual([code, out, JSON.parse(err)], [6, '', {
    error: { code: 'SOURCE_MALFORMED', message: 'the database is malformed', hint: 'Look.' }
  }])
})

test('a backup waits for the job of a server on the same source, or fails at once with --wait 0s', async t => {
  const { cwd, environment } = shopHome(t)
  const service = await startService(t, cwd, environment, tokenFor('admin'))
  const blocker = await sqliteProcess(t, join(cwd, 'shop.db'), 'BEGIN EXCLUSIVE')
  const { body: { job } } = await service.call('POST', '/api/backups', {}, { prefer: 'respond-async' })
  const refused = await holdfast(['backup', '--wait', '0s', '--json'], cwd, environment)
  assert.deepEqual([
    refused.code,
    refused.out,
    JSON.parse(refused.err).error.code,
    JSON.parse(refused.err).error.details.jobId
  ], [5, '', 'BACKUP_IN_PROGRESS', job.id])
  const waiting = startHoldfast(t, ['backup'], cwd, environment)
  await until(() => waiting.err().includes('another job is running on the source "shop"; waiting until it ends'))
  await blocker.stop()
  assert.equal((await waiting.ended).code, 0)
  assert.equal((await service.call('GET', `/api/jobs/${job.id}`)).body.job.status, 'succeeded')
  assert.equal((await service.call('GET', '/api/backups')).body.count, 2)
})

test('create --upload-s3 answers once the copy is there', async t => {
  const far = await testOffsite(t, { far: {} })
  const { json } = await commandLine(t, { offsite: far.offsite })
  const { backup } = await json('backup', 'create', '--upload-s3')
  assert.equal(backup.copies[0].status, 'stored')
  assert.equal(far.files('far').length, 2)
})

test('each copy is named with its state, stored or waiting', async t => {
  const far = await testOffsite(t, { far: {} })
  const { holdfast } = await commandLine(t, { offsite: far.offsite })
  assert.match((await holdfast('backup')).out, /\n {2}Copy: "far": waiting for the service, or for "holdfast upload"\n/)
  assert.match((await holdfast('backup', '--upload')).out, /\n {2}Copy: "far": stored\n/)
})

test('each backup that rotation removed is named with its reason', async t => {
  const { holdfast, json, create } = await commandLine(t, { settings: { maxBackups: 1 } })
  const { key } = await create({ type: 'scheduled' })
  await create({ type: 'scheduled', compression: 'zstd', verify: false })
  const { out } = await holdfast('backup')
  assert.ok(
    out.includes(`\n  Removed: backup 1, ${key}, 100.0 kB: erased (beyond the limit of maxBackups (1))\n`),
    out
  )
  const printed = await json('backup')
  assert.deepEqual(OUTPUTS['backup create'].parse(printed), printed)
  const { backup, removed: [first], rotationError } = printed
  assert.deepEqual([backup.id, first.backupId, first.removal, first.reasons, rotationError], [
    4,
    3,
    'trash',
    ['beyond the limit of maxBackups (1)'],
    null
  ])
})

test('a rotation that failed is named, and the exit code is that of the backup', async t => {
  const { holdfast, faults, create } = await commandLine(t, { type: 'scheduled', settings: { maxBackups: 1 } })
  await create()
  faults.fail('backups.trash', { error: new BackupError('CATALOG_BUSY', 'another process holds it') })
  const { code, out } = await holdfast('backup')
  assert.equal(code, 0)
  assert.match(out, /\n {2}Rotation: failed \(CATALOG_BUSY\); backups beyond maxBackups remain until the next backup\n/)
})
