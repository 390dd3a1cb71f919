import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCommand } from '../../src/files/run-command.ts'
import { never, until } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'

const ENVIRONMENT = { PATH: process.env.PATH ?? '' }
const LONG = 60_000

function pidIn (file: string): string {
  return readFileSync(file, 'utf8').trim()
}

/** A process that nothing waits for stays as a zombie. */
function isGone (pid: string): boolean {
  return !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
}

test('a command that ends with 0 is a success, and both of its outputs are kept', async () => {
  const command = ['sh', '-c', 'echo one; echo two >&2; echo $1', 'sh', 'a b'] as const
  const { output, ...end } = await runCommand(command, ENVIRONMENT, LONG, never)
  assert.deepEqual(end, { isSuccess: true, end: 'exit code 0' })
  assert.deepEqual(output.trimEnd().split('\n').toSorted(), ['a b', 'one', 'two'])
})

test('every other end is a failure with its reason', async t => {
  const plain = join(tempDir(t), 'plain')
  writeFileSync(plain, '')
  const ends = async (...command: [string, ...string[]]): Promise<readonly [boolean, string]> => {
    const { isSuccess, end } = await runCommand(command, ENVIRONMENT, LONG, never)
    return [isSuccess, end]
  }
  assert.deepEqual(await ends('sh', '-c', 'exit 3'), [false, 'exit code 3'])
  assert.deepEqual(await ends('sh', '-c', 'kill -9 $$'), [false, 'signal SIGKILL'])
  assert.deepEqual(await ends('no-such-program'), [false, 'there is no program "no-such-program" in PATH'])
  assert.deepEqual(await ends(plain), [false, `the program "${plain}" may not be run`])
})

test('a command has no secret of the service: its environment is the one that is given', async () => {
  process.env.HOOK_SECRET = 'secret'
  const { output } = await runCommand(['env'], ENVIRONMENT, LONG, never)
  delete process.env.HOOK_SECRET
  const names = output.trim().split('\n').map(line => line.split('=')[0])
  // Node hands this one to every child process where it measures the coverage.
  assert.deepEqual(names.filter(name => name !== 'NODE_V8_COVERAGE'), ['PATH'])
})

test('of a long output the end is kept', async () => {
  const { output } = await runCommand(['sh', '-c', 'yes | head -c 200000; echo end'], ENVIRONMENT, LONG, never)
  assert.equal(output.length, 64 * 1024)
  assert.match(output, /y\nend\n$/)
})

test('after its time, and when it is cancelled, a command is ended with all that it has started', async t => {
  const home = tempDir(t)
  const script = (name: string): [string, ...string[]] => [
    'sh',
    '-c',
    `sleep 1000 & echo $! > ${name}.tmp; mv ${name}.tmp ${name}; wait`
  ]
  const started = (name: string): Promise<void> => until(() => existsSync(name))
  const late = join(home, 'late')
  const slow = await runCommand(script(late), ENVIRONMENT, 300, never)
  assert.deepEqual([slow.isSuccess, slow.end], [false, 'no end within 0.3 seconds'])
  await until(() => isGone(pidIn(late)))

  const cancelled = join(home, 'cancelled')
  const abort = new AbortController()
  const running = runCommand(script(cancelled), ENVIRONMENT, LONG, abort.signal)
  await started(cancelled)
  abort.abort()
  assert.deepEqual([(await running).isSuccess, (await running).end], [false, 'it was cancelled'])
  await until(() => isGone(pidIn(cancelled)))
})

test('what a command has started is killed where it ignores the request to end', async t => {
  const file = join(tempDir(t), 'pid')
  const script = `(trap '' TERM; exec sleep 1000) & echo $! > ${file}; wait`
  const { end } = await runCommand(['sh', '-c', script], ENVIRONMENT, 300, never)
  assert.equal(end, 'no end within 0.3 seconds')
  const pid = pidIn(file)
  t.after(() => {
    if (existsSync(`/proc/${pid}`)) process.kill(Number(pid), 'SIGKILL')
  })
  await until(() => isGone(pid))
})

test('a process that a command leaves running does not hold its end up', async t => {
  const pid = join(tempDir(t), 'pid')
  const { isSuccess } = await runCommand(['sh', '-c', `sleep 1000 & echo $! > ${pid}`], ENVIRONMENT, LONG, never)
  process.kill(Number(readFileSync(pid, 'utf8')), 'SIGKILL')
  assert.equal(isSuccess, true)
})
