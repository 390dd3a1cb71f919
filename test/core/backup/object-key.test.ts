import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  fileName,
  isManifestKey,
  isOurName,
  isSourceName,
  manifestKey,
  objectKey
} from '../../../src/core/backup/object-key.ts'

const AT = new Date('2025-11-24T23:30:00.999Z')

test('an object is named for its source and the second of its start in UTC', () => {
  assert.equal(objectKey('workstation', AT, '.db', 0), 'workstation-backup-2025-11-24T23-30-00.db')
})

test('further ones within a second are told apart by a number, before the extension', () => {
  assert.deepEqual([1, 2, 11].map(attempt => objectKey('shop', AT, '.db.zst', attempt)), [
    'shop-backup-2025-11-24T23-30-00-2.db.zst',
    'shop-backup-2025-11-24T23-30-00-3.db.zst',
    'shop-backup-2025-11-24T23-30-00-12.db.zst'
  ])
})

test('keys of one source sort in the order of time', () => {
  const keys = [0, 1, 60, 3600, 86_400 * 40].map(seconds =>
    objectKey('shop', new Date(AT.getTime() + seconds * 1000), '.db', 0)
  )
  assert.deepEqual(keys.toSorted(), keys)
})

test('a name that can be part of a file name is a source name', () => {
  for (const name of ['a', 'Shop', '9', 'a.b_c-d', 'x'.repeat(64)]) assert.ok(isSourceName(name), name)
})

for (const name of ['', '.', '..', '../a', 'a/b', '-a', '_a', 'a b', 'ä', 'a\n', 'x'.repeat(65), 'a\0']) {
  test(`${JSON.stringify(name)} is no source name`, () => {
    assert.equal(isSourceName(name), false)
    assert.throws(() => objectKey(name, AT, '.db', 0), { code: 'VALIDATION_FAILED' })
  })
}

test('the manifest is beside its object', () => {
  assert.equal(manifestKey('trash/a.db'), 'trash/a.db.manifest.json')
  assert.deepEqual(['trash/a.db', manifestKey('a.db'), '.manifest.json.gz'].map(isManifestKey), [false, true, false])
})

test('the file name is the last part of the key', () => {
  assert.deepEqual(['a.db', 'trash/a.db', 'x/y/a.db'].map(fileName), ['a.db', 'a.db', 'a.db'])
})

test('names of ours are told from those of other programs', () => {
  const key = objectKey('my.shop_1-backup-x', AT, '.db.zst.gpg', 3)
  const ours = [
    key,
    manifestKey(key),
    `quarantine/${key}`,
    `trash/${manifestKey(key)}`,
    'holdfast-probe/5f0c.txt',
    '.holdfast-5f0c'
  ]
  const others = [
    '',
    'a',
    'videos/2026.mp4',
    `videos/${key}`,
    'shop-backup-2026-01.tar',
    'shop-backup-2026-01-02T03-04-05/part',
    '-backup-2026-01-02T03-04-05.db',
    'trash/a'
  ]
  assert.deepEqual([ours.filter(name => !isOurName(name)), others.filter(isOurName)], [[], []])
})
