import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contains } from '../../src/files/contains.ts'

test('a directory contains itself and what is in it, and no path that only begins like it', () => {
  for (
    const [directory, path, isIn] of [
      ['/srv', '/srv', true],
      ['/srv', '/srv/a/b', true],
      ['/srv', '/srv2', false],
      ['/srv/a', '/srv', false],
      ['/', '/srv', true],
      ['/', '/', true]
    ] as const
  ) {
    assert.equal(contains(directory, path), isIn, `${directory} ${path}`)
  }
})
