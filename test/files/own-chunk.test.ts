import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freeChunk, ownChunk } from '../../src/files/own-chunk.ts'

test('a chunk that only the stream refers to is freed', () => {
  const memory = new ArrayBuffer(1024)
  const chunk = Buffer.from(memory)
  assert.equal(ownChunk(chunk), chunk)
  freeChunk(chunk)
  assert.equal(memory.detached, true)
})

test('a chunk that nobody declared, and one that shares its memory, keep their bytes', () => {
  const undeclared = Buffer.alloc(1024, 'a')
  freeChunk(undeclared)
  const shared = Buffer.from(new ArrayBuffer(1024), 0, 512).fill('b')
  freeChunk(ownChunk(shared))
  assert.deepEqual([undeclared.toString('latin1', 0, 1), shared.toString('latin1', 0, 1)], ['a', 'b'])
})
