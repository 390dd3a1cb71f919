import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { exitText, SUCCESS } from '../../src/files/exit-text.ts'

test('the end of a process is its exit code or its signal', () => {
  const ended = (script: string): string => {
    const { status, signal } = spawnSync(process.execPath, ['-e', script])
    return exitText(status, signal)
  }
  assert.equal(ended(''), SUCCESS)
  assert.equal(ended('process.exit(3)'), 'exit code 3')
  assert.equal(ended('process.kill(process.pid, "SIGKILL")'), 'signal SIGKILL')
})
