import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { announce } from '../../../src/catalog/index.ts'
import { isPresenceId } from '../../../src/core/presence.ts'
import { needRoot } from '../../support/skip-without.ts'
import { kill } from '../../support/processes/sqlite-process.ts'
import { tempDir } from '../../support/temp-dir.ts'

const PROGRAM = `
  const { announce } = await import(process.argv[1])
  const presence = await announce(process.argv[2])
  process.stdout.write(presence.id)
  process.stdin.resume()
`

/** Another process that is there until it is killed, and its id. */
async function neighbour (t: TestContext, dataDir: string): Promise<{ child: ChildProcess, id: string }> {
  const module = new URL('../../../src/catalog/processes/presence.ts', import.meta.url).href
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, module, dataDir], {
    stdio: ['pipe', 'pipe', 'inherit']
  })
  t.after(() => kill(child))
  const [id] = await once(child.stdout, 'data') as [Buffer]
  return { child, id: String(id) }
}

test('processes know of each other that they live, until one is killed', async t => {
  const dataDir = tempDir(t)
  const other = await neighbour(t, dataDir)
  const own = await announce(dataDir)
  t.after(() => {
    own.leave()
  })
  assert.ok(isPresenceId(own.id) && isPresenceId(other.id))
  assert.deepEqual([own.isAlive(own.id), own.isAlive(other.id), own.isAlive('1-00000000')], [true, true, false])
  await kill(other.child)
  // At once, although it was found alive a moment ago.
  assert.equal(own.isAlive(other.id), false)
})

test('a process that stands still lives', async t => {
  const dataDir = tempDir(t)
  const other = await neighbour(t, dataDir)
  other.child.kill('SIGSTOP')
  const own = await announce(dataDir)
  t.after(() => {
    own.leave()
  })
  assert.equal(own.isAlive(other.id), true)
})

test('who leaves counts as gone and leaves no file, and may leave twice', async t => {
  const dataDir = tempDir(t)
  const first = await announce(dataDir)
  const second = await announce(dataDir)
  assert.equal(second.isAlive(first.id), true)
  first.leave()
  first.leave()
  assert.deepEqual(readdirSync(join(dataDir, 'processes')), [`${second.id}.lock`])
  assert.equal(second.isAlive(first.id), false)
  second.leave()
})

test('the next to come removes the files of those that were killed, and no other', async t => {
  const dataDir = tempDir(t)
  const [dead, alive] = [await neighbour(t, dataDir), await neighbour(t, dataDir)]
  writeFileSync(join(dataDir, 'processes/notes.txt'), '')
  await kill(dead.child)
  const own = await announce(dataDir)
  t.after(() => {
    own.leave()
  })
  assert.deepEqual(
    readdirSync(join(dataDir, 'processes')).toSorted(),
    [`${alive.id}.lock`, `${own.id}.lock`, 'notes.txt'].toSorted()
  )
})

test('the file is for the owner alone', async t => {
  const dataDir = tempDir(t)
  chmodSync(dataDir, 0o755)
  const own = await announce(dataDir)
  t.after(() => {
    own.leave()
  })
  assert.deepEqual(['processes', `processes/${own.id}.lock`].map(name => statSync(join(dataDir, name)).mode & 0o777), [
    0o700,
    0o600
  ])
})

test('what cannot be the name of a process is none', async t => {
  const own = await announce(tempDir(t))
  t.after(() => {
    own.leave()
  })
  assert.deepEqual(['../../etc/passwd', '', 'alone'].map(id => own.isAlive(id)), [false, false, false])
})

const OTHER_USER = `
  const { announce } = await import(process.argv[1])
  const presence = await announce(process.argv[2])
  process.stdout.write(JSON.stringify(process.argv.slice(3).map(id => presence.isAlive(id))))
  presence.leave()
`

test('a lock file that this user must not open counts as held while the process of its number lives, and goes with it', t => {
  if (!needRoot(t)) return
  const dataDir = tempDir(t)
  const [alive, dead] = [`${process.pid}-00000001`, '4194300-00000002']
  mkdirSync(join(dataDir, 'processes'))
  for (const id of [alive, dead]) writeFileSync(join(dataDir, `processes/${id}.lock`), '', { mode: 0o600 })
  for (const path of [dataDir, join(dataDir, 'processes')]) chownSync(path, 65_534, 65_534)
  const module = new URL('../../../src/catalog/processes/presence.ts', import.meta.url).href
  const { stdout, stderr } = spawnSync(process.execPath, [
    '--input-type=module',
    '-e',
    OTHER_USER,
    module,
    dataDir,
    alive,
    dead
  ], { uid: 65_534, gid: 65_534, cwd: '/', env: {}, encoding: 'utf8' })
  if (stderr.includes('EACCES') && stderr.includes(import.meta.dirname)) {
    t.skip('another user cannot read this checkout')
    return
  }
  assert.equal(stdout, '[true,false]', stderr)
  assert.deepEqual(readdirSync(join(dataDir, 'processes')), [`${alive}.lock`])
})
