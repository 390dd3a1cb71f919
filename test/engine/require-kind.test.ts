import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import { loadKinds } from '../../src/core/ports/source-kind.ts'
import { firstKind, requireKind } from '../../src/engine/require-kind.ts'
import { SOURCE_KINDS } from '../../src/sources/index.ts'
import { DEFAULT_LIMITS } from '../../src/sources/subprocess.ts'
import { memoryKind, memoryRestorer } from '../support/sources/memory-source.ts'

const memory = memoryKind(memoryRestorer([]))
const kinds = await loadKinds([memory, ...SOURCE_KINDS], { scratchDir: '/nowhere', limits: DEFAULT_LIMITS })

test('a kind is found by its name, with its tools', () => {
  const { label, rows, rehearser } = requireKind({ kinds }, 'memory')
  assert.deepEqual([label, rows, typeof rehearser.rehearse], ['text in memory', null, 'function'])
})

test('a kind that this version does not have is named in the error', () => {
  assert.throws(() => requireKind({ kinds }, 'tape'), (error: BackupError) => {
    assert.deepEqual([error.code, error.message, error.hint], [
      'METHOD_UNSUPPORTED',
      'this version does not support sources of the kind "tape"',
      'Use a version that supports this kind.'
    ])
    return true
  })
})

test('the first kind is that of a file without a manifest', () => {
  assert.equal(firstKind({ kinds }).name, 'memory')
  assert.throws(() => firstKind({ kinds: new Map() }), BackupError)
})
