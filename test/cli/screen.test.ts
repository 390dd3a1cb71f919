import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { screenOn } from '../../src/cli/screen.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { needTool } from '../support/skip-without.ts'
import { shopHome } from '../support/databases/shop-home.ts'

const terminal = { isTTY: true, columns: 132, write () {} }
const pipe = { write () {} }
const coloured = (stream: typeof terminal | typeof pipe, environment: Record<string, string>): boolean =>
  screenOn(stream, environment, new FakeClock()).colours.isColorSupported

test('a terminal has colours and a width, a pipe neither', () => {
  assert.deepEqual([coloured(terminal, {}), coloured(pipe, {}), coloured(pipe, { CI: 'true' })], [true, false, false])
  assert.deepEqual(
    [terminal, { ...terminal, columns: 0 }, { ...terminal, columns: undefined as unknown as number }, pipe].map(
      stream => screenOn(stream, {}, new FakeClock()).width
    ),
    [132, 80, 80, Infinity]
  )
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

test('in a terminal there are colours and a bar, and the table fits', async t => {
  if (!needTool(t, 'script')) return
  const { cwd, environment } = shopHome(t)
  const main = join(import.meta.dirname, '../../src/cli/main.ts')
  const inTerminal = async (columns: number, ...words: string[]): Promise<string> => {
    const line = `stty cols ${columns} rows 40; exec '${process.execPath}' '${main}' ${words.join(' ')}`
    const child = spawn('script', ['-qec', line, '/dev/null'], {
      cwd,
      env: { ...environment, PATH: process.env['PATH'] ?? '', TERM: 'xterm' },
      stdio: ['ignore', 'pipe', 'inherit']
    })
    return await text(child.stdout)
  }
  const made = await inTerminal(100, 'backup')
  assert.ok(made.includes('\r\u001b[K\u001b[32m✓\u001b[39m Created'), made)
  const listed = await inTerminal(60, 'list')
  assert.ok(listed.startsWith('\u001b[1mID'), listed)
  const lines = stripVTControlCharacters(listed).split('\r\n')
  assert.ok(lines.every(line => line.length <= 60), lines.join('\n'))
})
