import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { DEFAULT_LIMITS } from '../../../src/sources/subprocess.ts'
import { sqliteProbe } from '../../../src/sources/sqlite/probe.ts'
import { makeMoney, readMoney, TOTAL } from '../../support/databases/money.ts'
import { FULL } from '../../support/sources/images.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { complaints, sourceOf, take } from './support.ts'

const signal = new AbortController().signal

test('a file system that does not answer in time is an error of its own, and the probe may be made again', async t => {
  const path = join(tempDir(t), 'live.db')
  makeMoney(path, { entries: 10 })
  // No process looks at anything within a millisecond: this is what one that stands still comes to.
  const probe = sqliteProbe(path, DEFAULT_LIMITS, 1)
  const refused = {
    code: 'SOURCE_UNREADABLE',
    message: `the file system of "${path}" did not respond within 0.001 seconds`
  }
  await assert.rejects(probe(signal), refused)
  await assert.rejects(probe(signal), refused)
  assert.ok((await sqliteProbe(path)(signal)).size > 0)
})

test('who cancels while a file system does not answer is not told of it', async t => {
  const abort = new AbortController()
  const probing = sqliteProbe(join(tempDir(t), 'live.db'))(abort.signal)
  abort.abort(new Error('enough'))
  await assert.rejects(probing, { message: 'enough' })
})

for (const journalMode of ['delete', 'wal'] as const) {
  test(`of a file of 1 TiB only the pages of the database count and are backed up, with the journal mode ${journalMode}`, async t => {
    const home = tempDir(t)
    const [path, scratch] = [join(home, 'sparse.db'), join(home, 'scratch')]
    mkdirSync(scratch)
    makeMoney(path, { journalMode, entries: 10, pageSize: 65_536 })
    const { size } = statSync(path)
    truncateSync(path, 2 ** 40)
    const source = sourceOf(path, scratch)
    assert.deepEqual(await source.probe(FULL, signal), { size, scratch: size })
    const taken = await take(source, home)
    assert.equal(taken.size, size)
    assert.deepEqual(await complaints(taken), [])
    assert.deepEqual(readMoney(taken.path), { sum: TOTAL, integrity: 'ok' })
  })
}

for (
  const [what, at, bytes] of [
    ['the size is of an older change', 92, [0, 0, 0, 99]],
    ['the size is not told', 28, [0, 0, 0, 0]],
    ['the page size is none', 16, [3, 232]],
    ['it is no database', 0, [1]]
  ] as const
) {
  test(`all of the file counts where by its header ${what}`, async t => {
    const path = join(tempDir(t), 'live.db')
    makeMoney(path, { entries: 10 })
    const content = readFileSync(path)
    content.set(bytes, at)
    writeFileSync(path, Buffer.concat([content, Buffer.alloc(4096)]))
    assert.equal((await sqliteProbe(path)(signal)).size, content.length + 4096)
  })
}

test('a database that should be longer than its file needs no more than that', async t => {
  const path = join(tempDir(t), 'live.db')
  makeMoney(path, { entries: 10 })
  truncateSync(path, 8192)
  assert.equal((await sqliteProbe(path)(signal)).size, 8192)
})
