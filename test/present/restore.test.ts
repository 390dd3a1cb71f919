import assert from 'node:assert/strict'
import { test } from 'node:test'
import { presentRestore, presentUndo, restoreSchema } from '../../src/present/restore.ts'
import { STARTED } from '../support/builders/backup.ts'
import { aRestore } from '../support/builders/restore.ts'

test('a restore has the fields of its schema', () => {
  const view = presentRestore(aRestore({ warnings: ['the directory was not synced'] }))
  assert.deepEqual(restoreSchema.strict().parse(view), view)
})

test('a restore under way has no duration, and a clock set back makes none below zero', () => {
  assert.equal(presentRestore(aRestore({ finishedAt: null })).durationMs, null)
  assert.equal(presentRestore(aRestore()).durationMs, 3000)
  assert.equal(presentRestore(aRestore({ finishedAt: new Date(STARTED.getTime() - 1) })).durationMs, 0)
})

test('the file that was kept is shown once the restore is over', () => {
  const aside = '/data/workstation.db.aside'
  assert.equal(presentRestore(aRestore({ status: 'running', aside })).keptFile, null)
  assert.equal(presentRestore(aRestore({ status: 'failed', aside })).keptFile, aside)
})

test('a restore is undone with its safety backup; without one there is no undo', () => {
  assert.deepEqual(presentUndo({ safetyBackupId: 2 }), {
    backupId: 2,
    call: 'POST /api/backups/2/restore',
    command: 'holdfast restore 2',
    members: []
  })
  assert.equal(presentUndo({ safetyBackupId: null }), null)
  const kept = aRestore({ id: 7, safetyBackupId: null, aside: '/data/tree.before-1' })
  assert.deepEqual(presentUndo(kept), {
    backupId: null,
    call: 'POST /api/restores/7/undo',
    command: 'holdfast restores undo 7',
    members: []
  })
  assert.equal(presentUndo({ ...kept, status: 'running' }), null)
})
