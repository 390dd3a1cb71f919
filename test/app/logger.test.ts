import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeLogger, prettyLine, type LogStream } from '../../src/app/logger.ts'

/** A logger with what it writes. */
function logged (logFormat: 'auto' | 'json' | 'pretty', isTTY: boolean): { lines: string[], stream: LogStream } {
  const lines: string[] = []
  const stream = { isTTY, write: (text: string) => lines.push(text) }
  makeLogger({ logLevel: 'info', logFormat }, stream).info({ port: 3000 }, 'the service listens')
  return { lines, stream }
}

const isJson = (text = ''): boolean => text.startsWith('{"level":30,')

test('the log is text on a terminal and JSON elsewhere, unless LOG_FORMAT says which', () => {
  for (
    const [format, isTTY, expected] of [
      ['auto', true, false],
      ['auto', false, true],
      ['json', true, true],
      ['pretty', false, false]
    ] as const
  ) {
    const { lines } = logged(format, isTTY)
    assert.deepEqual([lines.length, isJson(lines[0])], [1, expected], `${format} ${isTTY}`)
  }
})

test('a line of text has time, level, message and every fact', () => {
  const line = JSON.stringify({
    level: 40,
    time: '2025-11-24T23:30:00.000Z',
    source: 'shop',
    ids: [1, 2],
    path: 'a b',
    msg: 'it is late'
  })
  assert.equal(
    prettyLine(line),
    '2025-11-24T23:30:00.000Z WARN  it is late source=shop ids=[1,2] path="a b"\n'
  )
  assert.match(
    prettyLine(line, (colour, text) => `<${colour}>${text}`),
    / <yellow>WARN {2}it is late<gray> source=shop/
  )
})

test('what an error has besides its stack, and what was thrown that is no error, are facts of the line', () => {
  const line = (err: unknown): string =>
    prettyLine(JSON.stringify({ level: 50, time: '2025-11-24T23:30:00.000Z', err, msg: 'it failed' }))
  const head = '2025-11-24T23:30:00.000Z ERROR it failed'
  assert.equal(
    line({ type: 'BackupError', message: 'full', stack: 'BackupError: full\n    at here', code: 'DISK_FULL' }),
    `${head} err={"code":"DISK_FULL"}\n    BackupError: full\n        at here\n`
  )
  assert.equal(line('no error'), `${head} err="no error"\n`)
  assert.equal(line(null), `${head} err=null\n`)
})

test('a line of text has the stack of an error, and no sequence that a terminal would obey', () => {
  const line = JSON.stringify({
    level: 50,
    time: '2025-11-24T23:30:00.000Z',
    err: { type: 'Error', stack: 'Error: a\u001b[2J\n    at here' },
    name: 'x\u001b[2J',
    msg: 'two\nlines\u001b[2J'
  })
  assert.equal(
    prettyLine(line),
    '2025-11-24T23:30:00.000Z ERROR two lines\ufffd[2J name=x\ufffd[2J\n    Error: a\ufffd[2J\n        at here\n'
  )
})
