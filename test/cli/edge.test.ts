import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { BEGIN_LINE, CLEAR_LINE, own, throughEdge } from '../../src/cli/edge.ts'
import { reportError } from '../../src/cli/output.ts'
import { screenOn } from '../../src/cli/screen.ts'
import { show } from '../../src/cli/shell.ts'
import { BackupError } from '../../src/core/errors.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { commandLine } from '../support/cli/command-line.ts'

/** Sets the clipboard, clears the screen, moves the cursor, begins a line of its own, turns the writing around. */
const HOSTILE = 'a\u001b]52;c;cm0=\u0007\u001b[2J\u009b31m\r\u007f\u0000\u202eb\u2066\u2028c'
const STEERING = /(?!\n)[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

function edge (isTTY = false) {
  let written = ''
  return {
    stream: throughEdge({
      isTTY,
      columns: 60,
      write: text => {
        written += String(text)
      }
    }),
    written: () => written
  }
}

test('whatever is written, nothing that steers a terminal gets out but what is ours', () => {
  const { stream, written } = edge()
  const { colours } = screenOn({ isTTY: true, write () {} }, {}, new FakeClock())
  stream.write(`${colours.red(HOSTILE)} ${BEGIN_LINE}${CLEAR_LINE}\tx\n`)
  assert.equal(
    written(),
    '\u001b[31ma\ufffd]52;c;cm0=\ufffd\ufffd[2J\ufffd31m\ufffd\ufffd\ufffd\ufffdb\ufffd\ufffdc\u001b[39m \r\u001b[K\tx\n'
  )
})

test('data cannot pass for a sequence of ours', () => {
  const { stream, written } = edge()
  const marked = own('\u001b[1m')
  const guessed = marked.replace(/[0-9a-f]{16}/, '0'.repeat(16))
  stream.write(guessed + marked.slice(0, 1) + marked.slice(-1))
  assert.ok(!written().includes('\u001b'))
})

test('without colours, and through colours of every kind, the text is the same', () => {
  for (const FORCE_COLOR of ['0', '1']) {
    const { stream, written } = edge()
    const { colours } = screenOn({ write () {} }, { FORCE_COLOR }, new FakeClock())
    stream.write(colours.bold(colours.green('a') + colours.dim('b')))
    assert.equal(stripVTControlCharacters(written()), 'ab')
    assert.equal(written().includes('\u001b'), FORCE_COLOR === '1')
  }
})

test('messages and hints of errors are one line each, whatever names they hold', () => {
  const { stream, written } = edge()
  const output = { out: stream, err: stream }
  assert.equal(
    reportError(
      new BackupError('TABLE_NOT_FOUND', `no table "${HOSTILE}\nhint: all is well"`, { hint: `Name "${HOSTILE}".` }),
      output
    ),
    4
  )
  assert.doesNotMatch(written(), STEERING)
  assert.equal(written().split('\n').length, 3)
  reportError(new Error(HOSTILE), output)
  assert.doesNotMatch(written(), STEERING)
})

test('JSON says the same characters, and none of them raw', () => {
  const { stream, written } = edge()
  show({ output: { out: stream, err: stream }, screen: () => assert.fail() }, { json: true }, {
    json: { name: HOSTILE },
    text: () => ''
  })
  assert.deepEqual(JSON.parse(written()), { name: HOSTILE })
  assert.doesNotMatch(written(), STEERING)
  const told = edge()
  reportError(new BackupError('TABLE_NOT_FOUND', HOSTILE), { out: told.stream, err: told.stream }, { json: true })
  assert.equal((JSON.parse(told.written()) as { error: { message: string } }).error.message, HOSTILE)
  assert.doesNotMatch(told.written(), STEERING)
})

test('data for a program goes out as it is, unless a terminal reads it', () => {
  const [pipe, terminal] = [edge(), edge(true)]
  for (const { stream } of [pipe, terminal]) stream.writeData?.(HOSTILE)
  assert.equal(pipe.written(), HOSTILE)
  assert.doesNotMatch(terminal.written(), STEERING)
})

test('no command shows a hostile description, an unknown name or a wrong argument raw', async t => {
  const { holdfast, create } = await commandLine(t, { columns: 100, environment: { FORCE_COLOR: '0' } })
  await create({ description: HOSTILE })
  const named = HOSTILE.replaceAll('\u0000', '')
  for (
    const words of [
      ['list', '--verbose'],
      ['show', '1'],
      ['verify', '1'],
      ['prune', '--dry-run'],
      ['audit'],
      ['stats'],
      ['sources'],
      ['runs'],
      ['restores'],
      ['stores'],
      ['report'],
      ['backup', named],
      ['list', '--source', named],
      ['diff', '1', '--table', named],
      ['rescue', '1', '--table', named, '--dry-run'],
      ['restore', '1', '--output', `/none/${named}`],
      ['restore', '--latest', '--source', named],
      ['show', named],
      [named],
      ['list', `--${named}`]
    ]
  ) {
    for (const form of [[], ['--json']]) {
      const { out, err } = await holdfast(...words, ...form)
      // The progress draws its line over itself.
      assert.doesNotMatch((out + err).replaceAll('\r', '').replaceAll('\u001b[K', ''), STEERING, words.join(' '))
    }
  }
})
