import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { OUTPUTS } from '../../../src/cli/schemas.ts'
import { newKey } from '../../../src/pipeline/new-key.ts'
import { commandLine } from '../../support/cli/command-line.ts'
import { tempDir } from '../../support/temp-dir.ts'

const NOW = new Date('2025-11-24T23:30:00.000Z')

const keys = (cwd: string) => ({
  cwd,
  makeKey: (kind: 'age' | 'openpgp') => newKey(kind, NOW)
})

for (
  const [kind, file, begin] of [[
    'age',
    'holdfast-age-key.txt',
    /^# created: .*\n# public key: (age1\w{58})\nAGE-SECRET-KEY-1\w{58}\n$/
  ], ['openpgp', 'holdfast-openpgp-key.asc', /^-----BEGIN PGP PRIVATE KEY BLOCK-----/]] as const
) {
  test(`key new makes a key for ${kind} in a file that only its user can read, and never over another`, async t => {
    const cwd = tempDir(t)
    const { holdfast } = await commandLine(t, { deps: keys(cwd) })
    const { code, out } = await holdfast('key', 'new', '--kind', kind)
    assert.equal(code, 0)
    const text = readFileSync(join(cwd, file), 'utf8')
    assert.match(text, begin)
    assert.equal(statSync(join(cwd, file)).mode & 0o777, 0o600)
    const secret = text.split('\n').find(line => line.startsWith('AGE-SECRET')) ?? text.split('\n')[3]!
    assert.equal(out.includes(secret), false)
    assert.match(out, kind === 'age' ? /BACKUP_AGE_RECIPIENTS=age1/ : /BACKUP_OPENPGP_PUBLIC_KEYS_FILE=.*\.pub/)

    const again = await holdfast('key', 'new', '--kind', kind)
    assert.deepEqual([again.code, again.out], [2, ''])
    assert.match(again.err, /already exists/)
    assert.equal(readFileSync(join(cwd, file), 'utf8'), text)
  })
}

test('key new --json is as its schema says', async t => {
  const { json } = await commandLine(t, { deps: keys(tempDir(t)) })
  const printed = await json('key', 'new', '--output', 'one.txt')
  assert.deepEqual(OUTPUTS['key new'].parse(printed), printed)
})
