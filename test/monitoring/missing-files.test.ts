import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { missingFiles } from '../../src/monitoring/missing-files.ts'
import { tempDir } from '../support/temp-dir.ts'

test('a file is missing where it or a folder above it is not there, and only then', async t => {
  const folder = tempDir(t)
  const at = (name: string, ...parts: string[]): { name: string, path: string } => ({
    name,
    path: join(folder, ...parts)
  })
  writeFileSync(join(folder, 'there.db'), '')
  mkdirSync(join(folder, 'folder'))
  const missing = await missingFiles([
    at('there', 'there.db'),
    at('gone', 'gone.db'),
    at('folder gone', 'x', 'y.db'),
    at('below a file', 'there.db', 'z.db'),
    at('a folder', 'folder'),
    at('too long', 'n'.repeat(300))
  ])
  assert.deepEqual([...missing], ['gone', 'folder gone', 'below a file'])
})
