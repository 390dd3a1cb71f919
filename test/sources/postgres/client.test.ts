import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { clientEnvironment, passwordOf, startClient } from '../../../src/sources/postgres/client.ts'
import { parseUrl, type Server } from '../../../src/sources/postgres/connection.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never, rejection } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const { server } = parseUrl('postgresql://back%3Aup:p%3A%5Cs@db:5433/books?sslmode=require')

test('the password is in a file of this user alone, with colons and backslashes escaped, and nowhere else', async t => {
  const scratch = tempDir(t)
  const { variables, args, close } = await clientEnvironment(server, scratch)
  assert.equal(readFileSync(variables.PGPASSFILE!, 'utf8'), '*:*:*:back\\:up:p\\:\\\\s\n')
  assert.equal(statSync(variables.PGPASSFILE!).mode & 0o777, 0o600)
  assert.equal(statSync(dirname(variables.PGPASSFILE!)).mode & 0o777, 0o700)
  assert.ok(!JSON.stringify([variables, args]).includes('\\\\s'))
  assert.deepEqual(args, ['-h', 'db', '-p', '5433', '-U', 'back:up', '-w'])
  assert.equal(variables.PGSSLMODE, 'require')
  await close()
  await close()
  assert.deepEqual(readdirSync(scratch), [])
})

test('without a password the file is empty, and one that cannot be read leaves nothing', async t => {
  const scratch = tempDir(t)
  const plain: Server = { ...server, password: null }
  assert.equal(await passwordOf(plain), null)
  const { variables, close } = await clientEnvironment(plain, scratch)
  assert.equal(readFileSync(variables.PGPASSFILE!, 'utf8'), '')
  await close()
  await rejectsWith('SOURCE_UNREADABLE', clientEnvironment({ ...plain, passwordFile: '/no/file' }, scratch))
  assert.deepEqual(readdirSync(scratch), [])
})

const failed = (end: string, messages: string): BackupError =>
  new BackupError('SOURCE_FAILED', `${end}: ${messages.trim()}`)

function run (script: string, signal = never): ReturnType<typeof startClient> {
  return startClient('/bin/sh', ['-c', script], { variables: { A: 'b' }, failed }, signal)
}

test('a program has only the given environment, and has ended when its code is 0', async () => {
  const client = run('env | grep -v PWD=')
  assert.equal(await text(client.output), 'A=b\n')
  await client.ended
  client.kill()
})

test('the end of the output is no success', async () => {
  const client = run('echo all bytes; exec >&-; echo "cannot go on" >&2; exit 4')
  assert.equal(await text(client.output), 'all bytes\n')
  assert.equal((await rejectsWith('SOURCE_FAILED', client.ended)).message, 'exit code 4: cannot go on')
})

test('a program that is killed, and one that does not exist, fail', async () => {
  const killed = run('kill -KILL $$')
  killed.output.resume()
  assert.match((await rejectsWith('SOURCE_FAILED', killed.ended)).message, /SIGKILL/)
  const missing = startClient('/no/program', [], { variables: {}, failed }, never)
  missing.output.resume()
  assert.match((await rejectsWith('SOURCE_FAILED', missing.ended)).message, /could not be started/)
})

test('an abort ends the program and its children, with the reason', async () => {
  const abort = new AbortController()
  const client = run('sleep 60 & echo begun; wait', abort.signal)
  client.output.once('data', () => {
    abort.abort(new Error('enough'))
  })
  assert.equal(((await rejection(client.ended)) as Error).message, 'enough')
})

test('of the messages the end is kept', async () => {
  const client = run('yes message | head -c 200000 >&2; echo last >&2; exit 1')
  client.output.resume()
  const { message } = await rejectsWith('SOURCE_FAILED', client.ended)
  assert.ok(message.length < 70_000 && message.endsWith('last'))
})
