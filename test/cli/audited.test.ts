import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audited } from '../../src/cli/audited.ts'
import { BackupError } from '../../src/core/errors.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { commandLine } from '../support/cli/command-line.ts'

test('every command that changes something is in the audit log, with who did it, where, and how it went', async t => {
  const { holdfast, json, faults } = await commandLine(t)
  await holdfast('backup')
  faults.fail('source.probe', { error: new BackupError('SOURCE_LOCKED', 'the database is locked') })
  await holdfast('backup')
  for (
    const words of [
      ['verify', '1'],
      ['pin', '1'],
      ['remove', '1', '--force'],
      ['unpin', '1'],
      ['describe', '1', 'x'],
      ['remove', '1', '--force'],
      ['restore-from-trash', '1', '7'],
      ['prune', '--source', 'shop'],
      ['rebuild']
    ]
  ) await holdfast(...words)
  const { entries } = await json('audit')
  assert.deepEqual(
    entries.reverse().map(
      ({ action, target, outcome, code }: Record<string, string | null>) => [action, target, outcome, code]
    ),
    [
      ['backup create', 'source shop', 'done', null],
      ['backup create', 'source shop', 'failed', 'SOURCE_LOCKED'],
      ['backup verify', 'backup 1', 'done', null],
      ['backup pin', 'backup 1', 'done', null],
      ['backup remove', 'backup 1', 'refused', 'BACKUP_PINNED'],
      ['backup unpin', 'backup 1', 'done', null],
      ['backup describe', 'backup 1', 'done', null],
      ['backup remove', 'backup 1', 'done', null],
      ['backup undelete', 'backups 1, 7', 'done', null],
      ['backup prune', 'source shop', 'done', null],
      ['rebuild', null, 'done', null]
    ]
  )
  assert.deepEqual([entries[0].origin, entries[0].actor, entries[0].address, entries[0].at], [
    'cli',
    'ann',
    'here',
    '2025-11-24T23:30:00.000Z'
  ])
})

test('what only looks is not recorded', async t => {
  const { holdfast, json, create } = await commandLine(t)
  await create()
  for (
    const words of [['list'], ['show', '1'], ['stats'], ['sources'], ['runs'], ['prune', '--dry-run'], [
      'scheduler',
      'status'
    ]]
  ) assert.equal((await holdfast(...words)).code, 0)
  assert.deepEqual(await json('audit'), { entries: [] })
  assert.deepEqual(
    (await json('audit')).entries.map(
      ({ action, target, outcome }: Record<string, string | null>) => [action, target, outcome]
    ),
    [['audit', null, 'done']],
    'but a look into the log is'
  )
})

test('what cannot be recorded is told, and hinders nothing', async () => {
  const warnings: string[] = []
  const recorder = {
    audit: { record: () => Promise.reject(new BackupError('CATALOG_BUSY', 'the catalog is busy')) },
    clock: new FakeClock(),
    actor: 'ann',
    host: 'here',
    warn: (message: string) => {
      warnings.push(message)
    }
  }
  assert.equal(await audited(recorder, { action: 'backup create', target: null }, async () => 7), 7)
  assert.deepEqual(warnings, ['"backup create" could not be recorded in the audit log: the catalog is busy'])
})
