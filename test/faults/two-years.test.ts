import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

const CHILD = new URL('./two-years-child.ts', import.meta.url).pathname

test('over two years no run that was due is without its row, none is doubled, and every prune keeps what it must', async t => {
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD])
  const lines = stdout.trim().split('\n')
  for (const line of lines) t.diagnostic(line)
  assert.match(stdout, /prunes removed/)
})
