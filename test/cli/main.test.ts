import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { holdfast } from '../support/cli.ts'
import { workDir } from '../support/config.ts'

for (const [words, codes] of [
  [[], [0, 2]],
  [['serve'], [0, 1, 2, 5, 6, 7]],
  [['token'], [0, 2]],
  [['token', 'create'], [0, 1, 2]],
  [['config'], [0, 2]],
  [['config', 'check'], [0, 1, 2]]
] as const) {
  test(`the help of "${['holdfast', ...words].join(' ')}" lists its exit codes`, async t => {
    const { code, out, err } = await holdfast([...words, '--help'], workDir(t))
    assert.deepEqual([code, err], [0, ''])
    const [, listed = ''] = out.split('Exit codes:\n')
    assert.deepEqual(listed.trim().split('\n').map(line => Number(line.trim().split(' ')[0])), codes)
  })
}

for (const words of [[], ['nonsense'], ['token'], ['token', 'create'], ['token', 'create', '--role', 'root'], ['config', 'check', 'more'], ['config', 'check', '--yaml']]) {
  test(`"${['holdfast', ...words].join(' ')}" is wrong usage: exit code 2, and nothing on stdout`, async t => {
    const cwd = workDir(t)
    const { code, out, err } = await holdfast(words, cwd)
    assert.deepEqual([code, out], [2, ''])
    assert.notEqual(err, '')
    assert.deepEqual(readdirSync(cwd), [])
  })
}

test('serve refuses a configuration that is not valid with the whole report and exit code 2', async t => {
  const { code, out, err } = await holdfast(['serve'], workDir(t), { PORT: 'x', MAX_BACKUPS: 'y' })
  assert.deepEqual([code, out], [2, ''])
  assert.match(err, /MAX_BACKUPS: "y"[^]*PORT: "x"/)
})
