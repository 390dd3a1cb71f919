import assert from 'node:assert/strict'
import { test } from 'node:test'
import { editDistance, nearest } from '../../src/core/nearest.ts'

const KNOWN = ['maxBackups', 'backupDir', 'port', 'host']

test('a slip of a letter or of the case is recognised', () => {
  assert.deepEqual(['maxBackup', 'MAXBACKUPS', 'prot', 'backup_dir', 'hosts'].map(word => nearest(word, KNOWN)), [
    'maxBackups',
    'maxBackups',
    'port',
    'backupDir',
    'host'
  ])
})

test('a word that is like none of them has no nearest', () => {
  assert.equal(nearest('retention', KNOWN), undefined)
})

test('nothing is like any when nothing is known', () => {
  assert.equal(nearest('port', []), undefined)
})

test('a distance is exact up to the limit, and above it elsewhere', () => {
  const words = ['', 'a', 'port', 'prot', 'portal', 'BACKUP_DIR', 'BACKUP_DRI', 'MAX_BACKUPS', 'MAXBACKUP', 'HOLDFAST']
  for (const a of words) {
    for (const b of words) {
      const exact = editDistance(a, b)
      assert.equal(exact, editDistance(b, a))
      for (const most of [0, 1, 2, 3]) {
        const found = editDistance(a, b, most)
        if (exact <= most) assert.equal(found, exact, `${a} ${b} ${most}`)
        else assert.ok(found > most, `${a} ${b} ${most}: ${found}`)
      }
    }
  }
  assert.deepEqual([editDistance('prot', 'port'), editDistance('portal', 'port'), editDistance('', 'port')], [2, 2, 4])
})
