import assert from 'node:assert/strict'
import { test } from 'node:test'
import { holdfast } from '../../support/processes/holdfast.ts'
import { commandLine } from '../../support/cli/command-line.ts'
import { workDir } from '../../support/config/config.ts'

test('scheduler start is serve by another name', async t => {
  let served = 0
  const { holdfast } = await commandLine(t, {
    deps: {
      serve: async () => {
        served++
        return 7
      }
    }
  })
  const codes = [
    (await holdfast('scheduler', 'start')).code,
    (await holdfast('backup', 'scheduler', 'start')).code,
    (await holdfast('serve')).code
  ]
  assert.deepEqual([codes, served], [[7, 7, 7], 3])
})

test('serve refuses a configuration that is not valid with the whole report and exit code 2', async t => {
  const { code, out, err } = await holdfast(['serve'], workDir(t), { PORT: 'x', MAX_BACKUPS: 'y' })
  assert.deepEqual([code, out], [2, ''])
  assert.match(err, /MAX_BACKUPS: "y"[^]*PORT: "x"/)
})
