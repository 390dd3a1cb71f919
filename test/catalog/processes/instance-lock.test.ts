import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { acquireInstanceLock, findServer } from '../../../src/catalog/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { kill } from '../../support/processes/sqlite-process.ts'
import { tempDir } from '../../support/temp-dir.ts'

const PROGRAM = `
  const { acquireInstanceLock } = await import(process.argv[1])
  await acquireInstanceLock(process.argv[2], { now: () => new Date('2025-11-24T23:30:00.000Z') })
  process.stdout.write('locked')
  process.stdin.resume()
`

/** Another process that holds the lock until it is killed. */
async function holder (t: TestContext, dataDir: string): Promise<ChildProcess> {
  const module = new URL('../../../src/catalog/processes/instance-lock.ts', import.meta.url).href
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, module, dataDir], {
    stdio: ['pipe', 'pipe', 'inherit']
  })
  t.after(() => kill(child))
  await once(child.stdout, 'data')
  return child
}

test('a second process is told who holds the data directory', async t => {
  const dataDir = tempDir(t)
  const child = await holder(t, dataDir)
  const error = await rejectsWith('INSTANCE_RUNNING', acquireInstanceLock(dataDir, new FakeClock()))
  assert.deepEqual(error.details, { pid: child.pid, host: hostname(), since: '2025-11-24T23:30:00.000Z' })
  assert.ok(error.message.includes(`process ${child.pid} on "${hostname()}"`), error.message)
  assert.match(error.hint ?? '', /DATA_DIR/)
})

test('the lock of a process that was killed is free', async t => {
  const dataDir = tempDir(t)
  await kill(await holder(t, dataDir))
  const lock = await acquireInstanceLock(dataDir, new FakeClock())
  lock.release()
})

test('the same process cannot take it twice either, until it lets go', async t => {
  const dataDir = tempDir(t)
  const first = await acquireInstanceLock(dataDir, new FakeClock())
  await rejectsWith('INSTANCE_RUNNING', acquireInstanceLock(dataDir, new FakeClock()))
  await rejectsWith('INSTANCE_RUNNING', acquireInstanceLock(dataDir, new FakeClock()))
  first.release()
  const second = await acquireInstanceLock(dataDir, new FakeClock())
  second.release()
})

test('letting go twice does not take the lock from the next one', async t => {
  const dataDir = tempDir(t)
  const first = await acquireInstanceLock(dataDir, new FakeClock())
  first.release()
  const second = await acquireInstanceLock(dataDir, new FakeClock())
  t.after(() => {
    second.release()
  })
  first.release()
  const error = await rejectsWith('INSTANCE_RUNNING', acquireInstanceLock(dataDir, new FakeClock()))
  assert.equal(error.details?.['pid'], process.pid)
})

test('the data directory is made where it is missing, and both files are for the owner alone', async t => {
  const dataDir = join(tempDir(t), 'data')
  const lock = await acquireInstanceLock(dataDir, new FakeClock())
  t.after(() => {
    lock.release()
  })
  assert.deepEqual(
    [dataDir, join(dataDir, 'holdfast.lock'), join(dataDir, 'holdfast.lock.json')].map(path =>
      (statSync(path).mode & 0o777).toString(8)
    ),
    ['700', '600', '600']
  )
})

test('who held it is not told any more after it was let go', async t => {
  const dataDir = tempDir(t)
  const lock = await acquireInstanceLock(dataDir, new FakeClock())
  lock.release()
  assert.equal(existsSync(join(dataDir, 'holdfast.lock.json')), false)
})

for (const [what, text] of Object.entries({ missing: undefined, 'cut short': '{"pid": 1' })) {
  test(`a holder whose facts are ${what} is still a holder`, async t => {
    const dataDir = tempDir(t)
    const lock = await acquireInstanceLock(dataDir, new FakeClock())
    t.after(() => {
      lock.release()
    })
    const facts = join(dataDir, 'holdfast.lock.json')
    if (text === undefined) rmSync(facts)
    else writeFileSync(facts, text)
    const error = await rejectsWith('INSTANCE_RUNNING', acquireInstanceLock(dataDir, new FakeClock()))
    assert.match(error.message, /^another process uses/)
  })
}

test('a lock file that is something else is told, and left as it is', async t => {
  const dataDir = tempDir(t)
  const path = join(dataDir, 'holdfast.lock')
  writeFileSync(path, 'mine\n'.repeat(1000))
  const error = await rejectsWith('CATALOG_FAILED', acquireInstanceLock(dataDir, new FakeClock()))
  assert.match(error.hint ?? '', /holdfast\.lock/)
  assert.equal(readFileSync(path, 'utf8'), 'mine\n'.repeat(1000))
})

test('facts that cannot be written are told, and the lock is let go', async t => {
  const dataDir = tempDir(t)
  const inTheWay = join(dataDir, 'holdfast.lock.json')
  mkdirSync(inTheWay)
  await rejectsWith('CATALOG_FAILED', acquireInstanceLock(dataDir, new FakeClock()))
  rmSync(inTheWay, { recursive: true })
  const lock = await acquireInstanceLock(dataDir, new FakeClock())
  lock.release()
})

test('whoever asks is told who serves, and that nobody does once the server was killed', async t => {
  const dataDir = tempDir(t)
  assert.equal(findServer(dataDir), undefined)
  const child = await holder(t, dataDir)
  assert.deepEqual(findServer(dataDir), { pid: child.pid, host: hostname(), since: '2025-11-24T23:30:00.000Z' })
  await kill(child)
  assert.ok(existsSync(join(dataDir, 'holdfast.lock.json')))
  assert.equal(findServer(dataDir), undefined)
})
