import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { extractTar } from '../../../src/sources/directory/extract-tar.ts'
import { runTool } from '../../../src/sources/directory/run-tool.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const CHILD = new URL('../../support/processes/limited-tools.ts', import.meta.url).pathname

test('without descriptors every program is refused with PROCESS_LIMIT, and the process goes on', () => {
  const { stdout, stderr } = spawnSync('sh', ['-c', 'ulimit -n 128 && exec "$0" "$@"', process.execPath, CHILD], {
    encoding: 'utf8'
  })
  assert.notEqual(stdout, '', stderr)
  const limit = 'PROCESS_LIMIT: no more processes can be started: this process has reached the limit of open files'
  assert.deepEqual(JSON.parse(stdout), { runTool: limit, extractTar: limit, startTar: limit })
})

test('a program that the system refuses at once is an error with a code', async t => {
  const { message } = await rejectsWith(
    'SOURCE_FAILED',
    runTool('true', ['x'.repeat(1024 ** 2)], { cwd: tempDir(t), what: 'do anything' })
  )
  assert.match(message, /could not be started \(E2BIG\)/)
  const cwd = join(process.execPath, 'inside a file')
  const extracting = extractTar(nothing(), { cwd, isOwnerKept: false, hasAttributes: false }, never)
  assert.match((await rejectsWith('SOURCE_FAILED', extracting)).message, /could not be started \(ENOTDIR\)/)
})

test('a program that fails is RESTORE_FAILED, with its messages', async t => {
  const { message, cause } = await rejectsWith(
    'RESTORE_FAILED',
    runTool('rmdir', ['missing'], { cwd: tempDir(t), what: 'remove "missing"' })
  )
  assert.equal(message, '"rmdir" could not remove "missing": it ended with 1')
  assert.match(String(cause), /No such file/)
})

async function* nothing (): AsyncGenerator<Buffer, void> {}
