import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempDir } from '../support/temp-dir.ts'

const MAIN = join(import.meta.dirname, '../../bin/holdfast.cjs')

function showVersion (cwd: string, caches: string): string {
  return execFileSync(process.execPath, [MAIN, '--version'], {
    cwd,
    env: { XDG_CACHE_HOME: caches },
    encoding: 'utf8'
  })
}

test('a command keeps what it compiled where this user alone may enter', t => {
  const home = tempDir(t)
  const caches = join(home, 'caches')
  assert.match(showVersion(home, caches), /^holdfast \d/)
  assert.deepEqual([caches, join(caches, 'holdfast')].map(path => statSync(path).mode & 0o777), [0o700, 0o700])
  assert.equal(readdirSync(join(caches, 'holdfast')).length, 1)
  assert.deepEqual(readdirSync(home), ['caches'])
})

for (const [what, path] of [['the directory', 'caches'], ['the one around it', '.']] as const) {
  test(`code is not run from a place that others could exchange: ${what} is writable for all`, t => {
    const home = tempDir(t)
    mkdirSync(join(home, 'caches'), { mode: 0o700 })
    chmodSync(join(home, path), 0o777)
    assert.match(showVersion(home, join(home, 'caches')), /^holdfast \d/)
    assert.equal(existsSync(join(home, 'caches', 'holdfast')), false)
  })
}

test('without a place for the cache a command runs all the same', t => {
  const home = tempDir(t)
  assert.match(showVersion(home, join(home, 'not', 'there')), /^holdfast \d/)
  assert.deepEqual(readdirSync(home), [])
})
