import assert from 'node:assert/strict'
import { test } from 'node:test'
import { screenOn } from '../../src/cli/screen.ts'
import { FakeClock } from '../support/clock.ts'

const terminal = { isTTY: true, columns: 132, write () {} }
const pipe = { write () {} }
const coloured = (stream: typeof terminal | typeof pipe, environment: Record<string, string>): boolean => screenOn(stream, environment, new FakeClock()).colours.isColorSupported

test('a terminal has colours and a width, a pipe neither', () => {
  assert.deepEqual([coloured(terminal, {}), coloured(pipe, {}), coloured(pipe, { CI: 'true' })], [true, false, false])
  assert.deepEqual([terminal, { ...terminal, columns: undefined as unknown as number }, pipe].map(stream => screenOn(stream, {}, new FakeClock()).width), [132, 80, Infinity])
})

test('NO_COLOR has the last word, FORCE_COLOR the one before', () => {
  assert.deepEqual([
    coloured(terminal, { NO_COLOR: '1' }),
    coloured(terminal, { NO_COLOR: '1', FORCE_COLOR: '1' }),
    coloured(terminal, { NO_COLOR: '' }),
    coloured(pipe, { FORCE_COLOR: '1' }),
    coloured(terminal, { FORCE_COLOR: '0' }),
    coloured(terminal, { TERM: 'dumb' })
  ], [false, false, true, true, false, false])
})
