import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from 'node:fs'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import type { Imported } from '../../../src/engine/backup/import.ts'
import { directoryTools } from '../../../src/sources/directory/tools.ts'
import { DEFAULT_LIMITS } from '../../../src/sources/subprocess.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { CHANGED } from '../../support/engine/importing.ts'
import { needTool } from '../../support/skip-without.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { rawTar, type RawMember } from '../../support/sources/tar-member.ts'
import { tempDir } from '../../support/temp-dir.ts'

interface Bench extends TestEngine {
  readonly home: string
  readonly live: string
  /** Writes the archive, or takes the one that is there, and imports it. */
  take(archive: Buffer | string): Promise<Imported>
  restored(id: number): Promise<string>
}

async function withTree (t: TestContext): Promise<Bench> {
  const home = tempDir(t)
  const live = join(home, '.elspeth/payloads')
  mkdirSync(join(live, 'deep/empty'), { recursive: true })
  writeFileSync(join(live, 'deep/b.txt'), 'second')
  writeFileSync(join(live, 'a.txt'), 'first')
  linkSync(join(live, 'a.txt'), join(live, 'z-hard.txt'))
  symlinkSync('../../outside', join(live, 'link'))
  return await benchOf(t, home, live)
}

/** A source that is the single file `pipeline.yaml`. `path`: of a file with this name next to it. */
async function withFile (t: TestContext, name: string): Promise<{ bench: Bench, live: string, path: string }> {
  const home = tempDir(t)
  const live = join(home, 'pipeline.yaml')
  writeFileSync(live, 'steps: []\n')
  mkdirSync(join(home, 'old'))
  return { bench: await benchOf(t, home, live), live, path: join(home, 'old', name) }
}

async function benchOf (t: TestContext, home: string, live: string): Promise<Bench> {
  const scratchDir = tempDir(t)
  const source = directoryTools({ scratchDir, limits: DEFAULT_LIMITS }).source('payloads', { path: live })
  const bench = await testEngine(t, { sources: [source] })
  return {
    ...bench,
    home,
    live,
    async take (archive) {
      const path = typeof archive === 'string' ? archive : join(home, 'payloads_20251110_020000.tar')
      if (typeof archive !== 'string') writeFileSync(path, archive)
      utimesSync(path, CHANGED, CHANGED)
      const request = { source: 'payloads', path, timeZone: 'UTC', type: 'manual', pin: false, remove: false } as const
      return await (await bench.engine.importFile(request)).result
    },
    async restored (id) {
      const target = join(tempDir(t), 'restored')
      await (await bench.engine.restore(id, { target, actor: 'ann' })).result
      return target
    }
  }
}

for (
  const [what, name, args, cwd] of [
    ['a part of the path, as the runbook does', 'payloads_20251110_020000.tar.gz', ['-cz', '.elspeth/payloads/'], ''],
    ['the last name of the path', 'payloads_20251110.tgz', ['-cz', 'payloads'], '.elspeth'],
    ['the directory itself', 'payloads_20251110.tar', ['-c', '.'], '.elspeth/payloads'],
    ['names in it', 'payloads_20251110.tar', ['-c', 'a.txt', 'z-hard.txt', 'link', './deep'], '.elspeth/payloads']
  ] as const
) {
  test(`an archive of ${what} gives the directory again`, async t => {
    const bench = await withTree(t)
    const path = join(bench.home, name)
    execFileSync('tar', ['-f', path, ...args], { cwd: join(bench.home, cwd) })
    const { backup } = await bench.take(path)
    assert.deepEqual([backup.verification.status, backup.link, backup.key.endsWith('.tar')], ['valid', null, true])
    const target = await bench.restored(backup.id)
    assert.deepEqual(
      readdirSync(target, { recursive: true }).toSorted(),
      readdirSync(bench.live, { recursive: true }).toSorted()
    )
    assert.deepEqual([readFileSync(join(target, 'z-hard.txt'), 'utf8'), readlinkSync(join(target, 'link'))], [
      'first',
      '../../outside'
    ])
  })
}

for (
  const [name, what, compress] of [
    ['pipeline_20251110.yaml', 'as it is', null],
    ['pipeline_20251110.yaml.gz', 'compressed by gzip', ['gzip', '-c']],
    ['pipeline.yaml.20251110.zst', 'compressed by zstd, with the time at the end', ['zstd', '-c']]
  ] as const
) {
  test(`a file ${what} becomes a backup of a source that is a single file`, async t => {
    if (compress !== null && !needTool(t, compress[0])) return
    const { bench, live, path } = await withFile(t, name)
    const content = Buffer.from('steps: [old]\n')
    writeFileSync(path, compress === null ? content : execFileSync(compress[0], [compress[1]], { input: content }))
    chmodSync(path, 0o640)
    const { backup, plan } = await bench.take(path)
    assert.deepEqual([backup.verification.status, plan.form.name, plan.timeFrom], ['valid', 'file', 'name'])
    assert.equal(backup.startedAt.toISOString(), '2025-11-10T00:00:00.000Z')
    const target = await bench.restored(backup.id)
    const { mode, mtime } = statSync(target)
    assert.deepEqual([readFileSync(target), mode & 0o777, mtime], [content, 0o640, CHANGED])
    const { id } = await bench.create()
    assert.deepEqual(readFileSync(await bench.restored(id)), readFileSync(live))
  })
}

test('a file of another name, an archive or an encrypted file is no backup of a single file', async t => {
  const { bench, path } = await withFile(t, 'audit_20251110.db')
  for (const name of [path, join(dirname(path), 'payloads_20251110.tar'), join(dirname(path), 'pipeline.yaml.gpg')]) {
    writeFileSync(name, 'x')
    const error = await rejectsWith('IMPORT_UNSUPPORTED', bench.take(name))
    assert.match(error.hint ?? '', /imports a single file \(\.yaml, pipeline\.yaml…\)/)
  }
})

test('the next increment is not built on an import', async t => {
  const bench = await withTree(t)
  execFileSync('tar', ['-cf', join(bench.home, 'p_20251120.tar'), '.'], { cwd: bench.live })
  await bench.take(join(bench.home, 'p_20251120.tar'))
  const next = await bench.create({ method: 'incremental' })
  assert.deepEqual([next.method, next.parentId], ['full', null])
})

const LINK: RawMember = { name: 'way', type: '2', linkname: '/tmp' }
const HOSTILE: ReadonlyArray<readonly [string, readonly RawMember[], RegExp]> = [
  ['leads out with ..', [{ name: '../evil', data: 'x' }], /has "." or ".." in it/],
  ['leads out from within', [{ name: 'a/../../evil', data: 'x' }], /has "." or ".." in it/],
  ['is absolute', [{ name: '/tmp/holdfast-evil', data: 'x' }], /is absolute/],
  ['leads through a link', [LINK, { name: 'way/evil', data: 'x' }], /is inside a file or a link/],
  [
    'leads through a link that comes later',
    [{ name: 'way/evil', data: 'x' }, LINK],
    /is a directory and something else/
  ],
  ['replaces a link', [LINK, { name: 'way', data: 'x' }], /twice/],
  ['has a link and a directory of one name', [LINK, { name: 'way', type: '5' }], /twice/],
  ['links to another file', [{ name: 'hard', type: '1', linkname: '/etc/passwd' }], /is absolute/],
  ['links out of the tree', [{ name: 'hard', type: '1', linkname: '../x' }], /has "." or ".." in it/],
  ['links through a link', [LINK, { name: 'hard', type: '1', linkname: 'way/x' }], /not an earlier file/],
  ['has two files of one name', [{ name: 'a', data: '1' }, { name: './a', data: '2' }], /twice/],
  ['is a file and a directory', [{ name: 'a', data: '1' }, { name: 'a/b', data: '2' }], /inside a file/],
  ['has a wrong checksum', [{ name: 'a', data: '1', checksum: 1 }], /checksum/],
  ['has nothing', [], /no members/]
]

for (const [what, members, message] of HOSTILE) {
  test(`an archive that ${what} is refused before anything is extracted`, async t => {
    const bench = await withTree(t)
    const error = await rejectsWith('IMPORT_REFUSED', bench.take(rawTar(...members)))
    assert.match(error.message, message)
    assert.equal(existsSync('/tmp/holdfast-evil'), false)
    assert.equal(existsSync(join(dirname(bench.deps.scratch.directory), 'evil')), false)
    assert.deepEqual([readdirSync(bench.deps.scratch.directory), (await bench.engine.backups({ limit: 9 })).count], [
      [],
      0
    ])
  })
}

test('an archive that is cut off is refused', async t => {
  const bench = await withTree(t)
  const whole = rawTar({ name: 'a', data: 'x'.repeat(5000) })
  assert.match((await rejectsWith('IMPORT_REFUSED', bench.take(whole.subarray(0, 3000)))).message, /cut off/)
})

test('devices and FIFOs are left out, and that is reported', async t => {
  const bench = await withTree(t)
  const { backup, notes } = await bench.take(rawTar({ name: 'pipe', type: '6' }, { name: 'a', data: 'x' }))
  assert.match(notes.join(), /1 device or FIFO left out/)
  assert.deepEqual(readdirSync(await bench.restored(backup.id)), ['a'])
})

test('room for the files is asked for before they are extracted', async t => {
  const bench = await withTree(t)
  const space = bench.deps.scratch.space.bind(bench.deps.scratch)
  bench.deps.scratch.space = async () => ({ ...await space(), free: 600_000 })
  const many = Array.from({ length: 300 }, (_, index) => ({ name: `f${index}`, data: 'x' }))
  const error = await rejectsWith('DISK_FULL', bench.take(rawTar(...many)))
  assert.ok(error instanceof BackupError)
  assert.match(error.message, /the backup needs 1229100/)
})
