import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempDir } from '../support/temp-dir.ts'

test('a process in which calls of the file system hang goes on, and ends with its exit code', t => {
  const pipe = join(tempDir(t), 'pipe')
  execFileSync('mkfifo', [pipe])
  const { stdout, status, signal } = spawnSync(process.execPath, [
    join(import.meta.dirname, '../support/processes/hung-child.ts'),
    pipe
  ], { timeout: 20_000, killSignal: 'SIGKILL' })
  assert.deepEqual([String(stdout), status, signal], ['answered', 3, null])
})
