import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { WalSync } from '../../src/catalog/wal-sync.ts'
import { MIGRATIONS } from '../support/catalog/catalog.ts'
import { needTool } from '../support/skip-without.ts'
import { tempDir } from '../support/temp-dir.ts'

/** Opens a catalog, commits three settings one after the other, and closes it. */
const PROGRAM = `
  const { openCatalog } = await import(process.argv[1])
  const clock = { now: () => new Date(), sleep: async () => {} }
  const catalog = await openCatalog(process.argv[2], { busyTimeoutMs: 0, clock, migrationsDir: process.argv[3], presence: { id: 'alone', isAlive: () => false }, judgeKey: key => ({ state: 'unsigned', key, keyId: null, isRefused: false }) })
  console.error('COMMITS')
  for (const maxBackups of [1, 2, 3]) await catalog.settings.save({ maxBackups }, clock.now())
  console.error('COMMITTED')
  await catalog.close()
`

test('each commit is on the disk before it resolves, and not by the thread that answers requests', t => {
  if (!needTool(t, 'strace')) return
  const path = join(tempDir(t), 'catalog.db')
  const index = new URL('../../src/catalog/index.ts', import.meta.url).href
  const trace = `${path}.trace`
  execFileSync('strace', [
    '-f',
    '-y',
    '-e',
    'trace=fdatasync,fsync,write',
    '-o',
    trace,
    process.execPath,
    '--input-type=module',
    '-e',
    PROGRAM,
    index,
    path,
    MIGRATIONS
  ], { stdio: 'ignore' })
  const lines = execFileSync('cat', [trace], { encoding: 'utf8' }).split('\n')
  const from = lines.findIndex(line => line.includes('COMMITS'))
  const to = lines.findIndex(line => line.includes('COMMITTED'))
  const main = lines[from]?.split(' ')[0]
  const syncs = lines.slice(from, to).filter(line => line.includes('sync(') && line.includes('catalog.db-wal'))
  assert.equal(syncs.length, 3, syncs.join('\n'))
  assert.deepEqual(syncs.filter(line => line.startsWith(`${main} `)), [])
})

test('commits at the same time share a sync, and one that comes while a sync runs gets another', async t => {
  const path = join(tempDir(t), 'catalog.db')
  execFileSync('touch', [`${path}-wal`])
  const wal = new WalSync(path)
  const first = wal.sync()
  assert.equal(wal.sync(), first)
  await Promise.resolve()
  await Promise.resolve()
  const second = wal.sync()
  assert.notEqual(second, first)
  await Promise.all([first, second])
  await wal.close()
  await wal.close()
})

test('a write-ahead log that cannot be opened is told to whoever waits, until it is there', async t => {
  const path = join(tempDir(t), 'catalog.db-wal')
  const wal = new WalSync(path.slice(0, -4))
  await assert.rejects(wal.sync(), { code: 'ENOENT' })
  await assert.rejects(wal.sync(), { code: 'ENOENT' })
  execFileSync('touch', [path])
  await wal.sync()
  await wal.close()
})
