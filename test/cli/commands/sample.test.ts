import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { sampleSchema } from '../../../src/cli/views/sample.ts'
import { makeSample } from '../../../src/sources/index.ts'
import { commandLine } from '../../support/cli/command-line.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('a sample is made where it is named, from the working directory on, and the answer has its tables', async t => {
  const cwd = tempDir(t)
  const { holdfast, json } = await commandLine(t, { deps: { makeSample, cwd } })
  const { code, out } = await holdfast('sample', 'shop.db')
  assert.equal(code, 0)
  assert.match(out, /shop\.db \([\d.]+ kB\): Customer with 40 rows, .*InvoiceLine with 750 rows/)
  const printed = await json('sample', 'other.db')
  assert.deepEqual(sampleSchema.parse(printed), printed)
  assert.equal(printed.path, join(cwd, 'other.db'))
})

test('a file that is there stays, and the exit code is 5', async t => {
  const { holdfast } = await commandLine(t, { deps: { makeSample, cwd: tempDir(t) } })
  await holdfast('sample', 'shop.db')
  const { code, err } = await holdfast('sample', 'shop.db')
  assert.equal(code, 5)
  assert.match(err, /shop\.db" exists\nhint: Give another file/)
})
