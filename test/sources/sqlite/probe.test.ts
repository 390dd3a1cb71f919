import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { DEFAULT_LIMITS } from '../../../src/sources/subprocess.ts'
import { sqliteProbe } from '../../../src/sources/sqlite/probe.ts'
import { makeMoney } from '../../support/money.ts'
import { tempDir } from '../../support/temp-dir.ts'

const signal = new AbortController().signal

test('a file system that does not answer in time is an error of its own, and the probe may be made again', async t => {
  const path = join(tempDir(t), 'live.db')
  makeMoney(path, { entries: 10 })
  // No process looks at anything within a millisecond: this is what one that stands still comes to.
  const probe = sqliteProbe(path, DEFAULT_LIMITS, 1)
  const refused = { code: 'SOURCE_UNREADABLE', message: `the file system of "${path}" does not answer: nothing came within 0.001 seconds` }
  await assert.rejects(probe(signal), refused)
  await assert.rejects(probe(signal), refused)
  assert.ok((await sqliteProbe(path)(signal)).size > 0)
})

test('who cancels while a file system does not answer is not told of it', async t => {
  const abort = new AbortController()
  const probing = sqliteProbe(join(tempDir(t), 'live.db'))(abort.signal)
  abort.abort(new Error('enough'))
  await assert.rejects(probing, { message: 'enough' })
})
