import assert from 'node:assert/strict'
import { appendFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { Task } from '../../../src/core/job.ts'
import { copyForImport } from '../../../src/engine/backup/import-copy.ts'
import { importing, type Importing } from '../../support/engine/importing.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { digestOf, never, noise, prose } from '../../support/streams.ts'

const QUIET: Task = { jobId: 0, signal: never, phase () {}, bytes () {}, setBackup () {} }
const TIME = new Date('2025-11-10T02:00:00.000Z')
const CONTENT = prose(300_000)

async function copied ({ engine, deps, old }: Importing, name: string, task = QUIET) {
  return await copyForImport(
    deps,
    await engine.planImport({ source: 'shop', path: join(old, name), timeZone: 'UTC', at: TIME }),
    task
  )
}

function leftIn ({ deps }: Importing): readonly string[] {
  return readdirSync(deps.scratch.directory)
}

for (
  const [name, stored] of [
    ['a.db', CONTENT],
    ['a.db.gz', gzipSync(CONTENT)],
    ['a.db.zst', zstdCompressSync(CONTENT)],
    ['several.db.gz', Buffer.concat([gzipSync(CONTENT.subarray(0, 1000)), gzipSync(CONTENT.subarray(1000))])],
    [
      'several.db.zst',
      Buffer.concat([zstdCompressSync(CONTENT.subarray(0, 1000)), zstdCompressSync(CONTENT.subarray(1000))])
    ]
  ] as const
) {
  test(`"${name}" is decompressed into a folder of its own, and its digest is that of the plain content`, async t => {
    const bench = await importing(t)
    writeFileSync(join(bench.old, name), stored)
    const copy = await copied(bench, name)
    assert.ok(readFileSync(copy.path).equals(CONTENT))
    assert.deepEqual(copy.content, digestOf(CONTENT))
    assert.ok(readFileSync(join(bench.old, name)).equals(stored))
    await copy.remove()
    assert.deepEqual(leftIn(bench), [])
  })
}

test('companions are copied next to the file, and are part of the digest', async t => {
  const bench = await importing(t)
  writeFileSync(join(bench.old, 'a.db'), 'pages')
  writeFileSync(join(bench.old, 'a.db-wal'), 'log')
  const copy = await copied(bench, 'a.db')
  assert.equal(readFileSync(`${copy.path}-wal`, 'utf8'), 'log')
  assert.deepEqual([copy.content, copy.files.length], [digestOf('pageslog'), 2])
})

test('a compressed file that is damaged or cut off is refused, and nothing stays', async t => {
  const bench = await importing(t)
  for (
    const [name, stored] of [['a.db.gz', gzipSync(noise(50_000))], [
      'a.db.zst',
      zstdCompressSync(noise(50_000))
    ]] as const
  ) {
    const path = join(bench.old, name)
    writeFileSync(path, stored)
    truncateSync(path, 20_000)
    assert.match((await rejectsWith('IMPORT_REFUSED', copied(bench, name))).message, /cannot be decompressed/)
    writeFileSync(path, 'no archive')
    await rejectsWith('IMPORT_REFUSED', copied(bench, name))
  }
  assert.deepEqual(leftIn(bench), [])
})

test('a file that decompresses to more than fits ends while it is decompressed', async t => {
  const bench = await importing(t)
  // 64 MiB of zeros in 64 kB.
  writeFileSync(join(bench.old, 'bomb.db.gz'), gzipSync(Buffer.alloc(64 * 1024 * 1024)))
  bench.deps.scratch.space = async () => ({ free: 10_000_000, total: 10_000_000 })
  const error = await rejectsWith('DISK_FULL', copied(bench, 'bomb.db.gz'))
  assert.match(error.message, /the content of "bomb.db.gz" does not fit into the scratch directory/)
  assert.deepEqual(leftIn(bench), [])
})

test('a file that is larger than the free space is not begun', async t => {
  const bench = await importing(t)
  writeFileSync(join(bench.old, 'a.db'), CONTENT)
  bench.deps.scratch.space = async () => ({ free: CONTENT.length - 1, total: 1e9 })
  const error = await rejectsWith('DISK_FULL', copied(bench, 'a.db'))
  assert.match(error.message, /has 299999 bytes free; the backup needs 300000/)
})

test('a file that grows while it is read is refused', async t => {
  const bench = await importing(t)
  const path = join(bench.old, 'a.db')
  writeFileSync(path, prose(3_000_000))
  let isGrown = false
  const task: Task = {
    ...QUIET,
    bytes () {
      if (!isGrown) appendFileSync(path, 'more')
      isGrown = true
    }
  }
  await rejectsWith('SOURCE_CHANGED', copied(bench, 'a.db', task))
  assert.deepEqual(leftIn(bench), [])
})

test('an abort leaves nothing', async t => {
  const bench = await importing(t)
  writeFileSync(join(bench.old, 'a.db'), prose(3_000_000))
  const abort = new AbortController()
  const reason = new Error('enough')
  const task: Task = {
    ...QUIET,
    signal: abort.signal,
    bytes () {
      abort.abort(reason)
    }
  }
  await assert.rejects(copied(bench, 'a.db', task), reason)
  assert.deepEqual(leftIn(bench), [])
})
