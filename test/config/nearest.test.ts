import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from '../../src/config/nearest.ts'

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
