import assert from 'node:assert/strict'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { keepCompiled } from '../../src/config/compiled.ts'
import { dataDirProblems, requireSafe } from '../../src/config/data-dir.ts'
import { tempDir } from '../support/temp-dir.ts'

const isRoot = process.getuid?.() === 0
const NOBODY = 65_534

function dataDir (t: TestContext, mode = 0o700): string {
  const path = join(tempDir(t), 'data')
  mkdirSync(path)
  chmodSync(path, mode)
  return path
}

function problems (path: string): string[] {
  return dataDirProblems(path).map(({ problem, remedy }) =>
    `${problem.replaceAll(path, 'DATA')} | ${remedy.replaceAll(path, 'DATA')}`
  )
}

/** Another user than this one, or a reason printed why there is none. */
function needsRoot (t: TestContext): boolean {
  if (!isRoot) t.skip('only root can give a file to another user')
  return isRoot
}

for (const mode of [0o777, 0o1777, 0o702, 0o3777]) {
  test(`a directory of mode ${mode.toString(8)} is refused, with the command that mends it`, t => {
    const path = dataDir(t, mode)
    assert.deepEqual(problems(path), [
      '"DATA" is writable for every user of this machine | Run "chmod go-w DATA", and remove files in it that you do not know.'
    ])
    assert.throws(() => {
      requireSafe(path)
    }, { code: 'DATA_DIR_UNSAFE' })
    chmodSync(path, statSync(path).mode & ~0o022)
    assert.deepEqual(problems(path), [])
  })
}

for (const mode of [0o700, 0o755, 0o750, 0o1755]) {
  test(`a directory of mode ${mode.toString(8)} is taken`, t => {
    assert.deepEqual(problems(dataDir(t, mode)), [])
  })
}

test('one that is not there yet, or is reached through a link, is taken', t => {
  const path = dataDir(t)
  symlinkSync(path, `${path}.link`)
  assert.deepEqual([problems(`${path}.missing`), problems(`${path}.link`)], [[], []])
})

test('a group in which others are is refused; one of the owner alone is not', t => {
  if (!needsRoot(t)) return
  const path = dataDir(t, 0o770)
  chownSync(path, 1, 1)
  // "daemon" is user 1 and group 1 in every base system, and alone in it; "nogroup" or "nobody" is not its group.
  assert.deepEqual(problems(path), [])
  chownSync(path, 1, NOBODY)
  assert.match(problems(path)[0] ?? '', /^"DATA" is writable for group 65534/)
})

for (
  const name of [
    'jwt-secret',
    'manifest-key',
    'server-config.json',
    'holdfast.db',
    'holdfast.lock',
    'holdfast.lock.json',
    'processes',
    'compiled'
  ]
) {
  test(`"${name}" of another user, or writable for others, is refused`, t => {
    const path = dataDir(t)
    const file = join(path, name)
    if (['processes', 'compiled'].includes(name)) mkdirSync(file)
    else writeFileSync(file, '')
    chmodSync(file, 0o700)
    assert.deepEqual(problems(path), [])
    chmodSync(file, 0o722)
    const remedy = name === 'compiled' ? 'Run "rm -r DATA/compiled"' : `Run "chmod go-w DATA/${name}"`
    assert.ok(
      problems(path)[0]?.startsWith(`"DATA/${name}" is writable for every user of this machine | ${remedy}`),
      problems(path)[0] ?? 'nothing'
    )
    if (!needsRoot(t)) return
    chmodSync(file, 0o700)
    chownSync(file, NOBODY, NOBODY)
    assert.match(problems(path)[0] ?? '', /belongs to user 65534/)
  })
}

test("root works in the directory of another user, and takes what is that user's or its own, but not that of a third", t => {
  if (!needsRoot(t)) return
  const path = dataDir(t)
  for (const [name, uid] of [['jwt-secret', 1], ['holdfast.db', 0], ['processes', 1]] as const) {
    writeFileSync(join(path, name), '', { mode: 0o600 })
    chownSync(join(path, name), uid, uid)
  }
  chownSync(path, 1, 1)
  assert.deepEqual(problems(path), [])
  chownSync(join(path, 'jwt-secret'), 2, 2)
  assert.match(problems(path)[0] ?? '', /^"DATA\/jwt-secret" belongs to user 2 \| Run "chown 1 DATA\/jwt-secret"/)
})

test('the compile cache is for this user alone, whatever the umask', t => {
  const path = dataDir(t)
  const before = process.umask(0)
  try {
    keepCompiled(path)
  } finally {
    process.umask(before)
  }
  assert.equal(statSync(join(path, 'compiled')).mode & 0o777, 0o700)
})

test('code that another user compiled is not run, not even by root', t => {
  if (!needsRoot(t)) return
  const path = dataDir(t)
  chownSync(path, 1, 1)
  keepCompiled(path)
  assert.equal(existsSync(join(path, 'compiled')), false)
  assert.deepEqual(readdirSync(path), [])
})
