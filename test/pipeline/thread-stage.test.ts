import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { threadStage } from '../../src/pipeline/thread-stage.ts'

const entry = new URL('../support/pipeline/echo-thread.ts', import.meta.url)
const stage = (work: 'echo' | 'fail' | 'leave') =>
  threadStage({ entry, work, toError: ({ why, message }) => new Error(`${why}: ${message}`) })
const chunks = [Buffer.from('abc'), Buffer.from('def')]

test('bytes go through the thread in order, up to the end', async () => {
  const echo = stage('echo')
  const [out] = await Promise.all([buffer(echo), pipeline(Readable.from(chunks), echo, { end: true })])
  assert.equal(out.toString(), 'ABCDEF')
})

test('what the thread fails with is the error of the stage', async () => {
  await assert.rejects(pipeline(Readable.from(chunks), stage('fail'), buffer), /^Error: damage: no frame$/)
})

test('a thread that ends before its work does leaves no stage that waits', async () => {
  await assert.rejects(pipeline(Readable.from(chunks), stage('leave'), buffer), /^Error: stuck: /)
})

test('an aborted stage ends its thread, whatever that is at', async () => {
  const abort = new AbortController()
  const source = new Readable({ read () {} })
  const run = pipeline(source, stage('echo'), buffer, { signal: abort.signal })
  source.push(chunks[0])
  abort.abort()
  await assert.rejects(run, { name: 'AbortError' })
})
