import assert from 'node:assert/strict'
import { test } from 'node:test'
import { program, type ProgramDeps } from '../../src/cli/program.ts'
import { run } from '../../src/cli/run.ts'
import { errorSchema } from '../../src/cli/schemas.ts'

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** The command line with these dependencies, and nothing else. */
async function ended (words: readonly string[], deps: object = {}): Promise<Ended> {
  const told = { out: '', err: '' }
  const stream = (name: 'out' | 'err'): { write: (text: string) => void } => ({
    write: text => {
      told[name] += text
    }
  })
  const output = { out: stream('out'), err: stream('err') }
  const code = await run(
    words,
    output,
    () => program({ output, roles: ['viewer'], ...deps } as unknown as ProgramDeps<string>)
  )
  return { code, ...told }
}

for (
  const [words, message, hint] of [
    [['mount', '--json'], /^unknown command 'mount'$/, /--help/],
    [['restor', '1', '--json'], /^unknown command 'restor'$/, /Did you mean .*restore/],
    [['list', '--jsn', '--json'], /^unknown option '--jsn'$/, /Did you mean --json\?/],
    [['verify', 'abc', '--json'], /'abc' is invalid/, /--help/],
    [['show', '--json'], /^missing required argument 'id'$/, /--help/],
    [['list', '--json', '--limit'], /argument missing/, /--help/],
    [['list', '--status', 'lost', '--json'], /'lost' is invalid/, /--help/],
    [['stats', 'more', '--json'], /^too many arguments/, /--help/],
    [['token', 'create', '--json'], /--role/, /--help/],
    [['config', '--json'], /./, /--help/],
    [['--json'], /./, /--help/]
  ] as const
) {
  test(`"holdfast ${words.join(' ')}" is wrong usage, as one line of JSON`, async () => {
    const { code, out, err } = await ended(words)
    assert.deepEqual([code, out, err.split('\n').length], [2, '', 2])
    const { error } = errorSchema.parse(JSON.parse(err))
    assert.equal(error.code, 'VALIDATION_FAILED')
    assert.match(error.message, message)
    assert.match(error.hint ?? '', hint)
  })
}

test('wrong usage without --json is told to people, once', async () => {
  const { code, out, err } = await ended(['list', '--jsn'])
  assert.deepEqual([code, out], [2, ''])
  assert.match(err, /^error: unknown option '--jsn'\n\(Did you mean --json\?\)\n\(--help shows the usage\)\n$/)
})

test('help that is asked for is no failure with --json either', async () => {
  const { code, out, err } = await ended(['list', '--json', '--help'])
  assert.deepEqual([code, err], [0, ''])
  assert.match(out, /^Usage: holdfast list/)
})

test('"--json" after "--" is an argument', async () => {
  const { err } = await ended(['show', '--', '--json'])
  assert.match(err, /^error: /)
})

test('what nobody expected is INTERNAL in the last line, after its stack', async () => {
  const deps = { withReading: () => Promise.reject(new TypeError('x is not a function')) }
  const { code, out, err } = await ended(['list', '--json'], deps)
  assert.deepEqual([code, out], [1, ''])
  const lines = err.trim().split('\n')
  assert.match(lines[0] ?? '', /^holdfast: unexpected error: TypeError/)
  assert.deepEqual(errorSchema.parse(JSON.parse(lines.at(-1) ?? '')).error, {
    code: 'INTERNAL',
    message: 'x is not a function'
  })
})
