import assert from 'node:assert/strict'
import { rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { conclude } from '../../../src/core/ports/verification.ts'
import { commandLine } from '../../support/cli/command-line.ts'
import { SQLITE_CHECKS } from '../../../src/sources/sqlite/checks.ts'

test('verify of one backup shows every check', async t => {
  const { holdfast, create } = await commandLine(t)
  const { key } = await create()
  const { code, out } = await holdfast('verify', '1')
  assert.equal(code, 0)
  assert.ok(out.startsWith(`✓ backup 1 valid: ${key}\n    ✓ file_exists\n    ✓ manifest\n`), out)
})

test('a damaged one among several ends with 6, names what failed, and the others are proven all the same', async t => {
  const { holdfast, create, directory } = await commandLine(t)
  const [, second] = [await create(), await create(), await create()]
  truncateSync(join(directory, second.key), 10)
  const { code, out } = await holdfast('verify', '--all')
  assert.equal(code, 6)
  assert.match(
    out,
    /^✓ backup 1 valid: shop.*\n✗ backup 2 NOT VALID: shop.*\n {4}Backup is not valid: checksum failed .*\n✓ backup 3 valid: shop.*\n\n3 backups: 2 valid, 1 NOT VALID\n$/
  )
})

test('those that could not be checked end with 3, unless one is damaged', async t => {
  const { json, holdfast, create, directory, faults } = await commandLine(t)
  const [first] = [await create(), await create()]
  faults.fail('store.get', { error: new BackupError('STORE_FAILED', 'the disk does not answer') })
  const { code, out } = await holdfast('verify', '1', '2')
  assert.equal(code, 3)
  assert.match(out, /! backup 1: the disk does not answer\n\n2 backups: 1 valid, 1 could not be checked\n$/)
  assert.equal((await holdfast('verify', '2', '99')).code, 3)
  truncateSync(join(directory, first.key), 10)
  assert.equal((await holdfast('verify', '1', '99')).code, 6)
  assert.deepEqual((await json('verify', '99', '2')).failures, [{
    backupId: 99,
    code: 'BACKUP_NOT_FOUND',
    message: 'there is no backup 99'
  }])
})

test('of one alone the failure is that of the command', async t => {
  const { holdfast, create, directory } = await commandLine(t)
  const { key } = await create()
  assert.equal((await holdfast('verify', '2')).code, 4)
  rmSync(join(directory, key))
  assert.equal((await holdfast('verify', '1')).code, 6)
})

test('verify --all goes by source and time, oldest first, and is content when there is nothing', async t => {
  const { holdfast, create, clock } = await commandLine(t)
  await create()
  clock.move(86_400_000)
  await create()
  await create()
  const proven = async (...words: string[]): Promise<number[]> =>
    JSON.parse((await holdfast('verify', '--all', ...words, '--json')).out).results.map(
      ({ backupId }: { backupId: number }) => backupId
    )
  assert.deepEqual(await proven(), [1, 2, 3])
  assert.deepEqual(await proven('--source', 'shop', '--since', '2025-11-25T12:00:00Z'), [2, 3])
  assert.match(
    (await holdfast('verify', '--all', '--since', '2030-01-01')).out,
    /^nothing to verify: no completed backup of this installation matches\n$/
  )
  assert.equal((await holdfast('verify', '--all', '--source', 'nowhere')).code, 4)
})

test('a backup that goes away while all are verified is passed over', async t => {
  const { holdfast, create, faults } = await commandLine(t)
  await create()
  await create()
  faults.fail('backups.get', { on: /^1$/, error: new BackupError('BACKUP_DELETED', 'backup 1 was removed') })
  const { code, out } = await holdfast('verify', '--all')
  assert.deepEqual([code, out.includes('backup 1')], [0, false])
})

for (
  const words of [
    [],
    ['1', '--all'],
    ['--all', '--file', 'x'],
    ['1', '--source', 'shop'],
    ['--file', 'x', '--since', '2025-11-25'],
    ['--all', '--since', 'soon'],
    ['0'],
    ['1e3']
  ]
) {
  test(`"verify ${words.join(' ')}" is wrong usage`, async t => {
    const { holdfast } = await commandLine(t, { deps: { withSession: () => assert.fail('opened') } })
    const { code, out, err } = await holdfast('verify', ...words)
    assert.deepEqual([code, out], [2, ''])
    assert.notEqual(err, '')
  })
}

for (const [verdict, expected] of [['valid', 0], ['sound', 0], ['damaged', 6]] as const) {
  test(`a file that is ${verdict} ends with ${expected}`, async t => {
    const verification = conclude([{ name: 'file_exists', status: 'pass' }], SQLITE_CHECKS)
    const { holdfast } = await commandLine(t, {
      deps: {
        cwd: '/srv',
        verifyGivenFile: async path => ({
          path,
          verdict,
          message: 'So it is',
          verification,
          manifest: null,
          signature: null
        })
      }
    })
    const { code, out } = await holdfast('verify', '--file', 'copy.db')
    assert.deepEqual([code, out], [
      expected,
      `${verdict === 'damaged' ? '✗' : '✓'} /srv/copy.db\n    So it is\n    ✓ file_exists\n`
    ])
  })
}
