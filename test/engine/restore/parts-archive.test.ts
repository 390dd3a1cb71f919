import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { partsArchive, type PartsArchive } from '../../../src/engine/restore/parts-archive.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

interface Bench extends TestEngine {
  readonly backup: Backup
  archive(): Promise<PartsArchive>
}

async function bench (t: TestContext, { hasIndex = true } = {}): Promise<Bench> {
  const engine = await testEngine(t, { sources: [new MemorySource('shop', { hasIndex })] })
  const backup = await engine.create({ compression: 'gzip' })
  const { backups } = engine.deps.catalog
  return {
    ...engine,
    backup,
    archive: async () => {
      const { key } = await backups.get(backup.id)
      return await partsArchive({ store: engine.deps.store, key }, (await backups.manifest(backup.id))!)
    }
  }
}

/** What tar takes out of it, by name. */
function unpacked (t: TestContext, archive: Buffer): ReadonlyMap<string, Buffer> {
  const directory = tempDir(t)
  execFileSync('tar', ['-xf', '-', '-C', directory], { input: archive })
  return new Map(readdirSync(directory).sort().map(name => [name, readFileSync(join(directory, name))]))
}

for (const hasIndex of [true, false]) {
  test(`a backup ${hasIndex ? 'of two parts' : 'of one part'} is unpacked to its files as they are stored`, async t => {
    const { archive, backup, directory } = await bench(t, { hasIndex })
    const { open, size, fileName } = await archive()
    const bytes = await buffer(open(never))
    assert.deepEqual([fileName, size], [`${backup.key}.tar`, bytes.length])
    const names = [backup.key, ...backup.parts.map(part => part.fileName), `${backup.key}.manifest.json`]
    const files = unpacked(t, bytes)
    assert.deepEqual([...files.keys()], names.sort())
    for (const [name, content] of files) assert.ok(content.equals(readFileSync(join(directory, name))), name)
  })
}

test('of a backup in the trash the files have their names from before', async t => {
  const { archive, backup, engine } = await bench(t)
  const before = (await archive()).etag
  await (await engine.remove(backup.id, { force: true })).result
  const { open, etag } = await archive()
  assert.deepEqual([unpacked(t, await buffer(open(never))).has(backup.key), etag], [true, before])
})

test('its tag is that of its bytes: an edit of the manifest changes it', async t => {
  const { archive, backup, engine } = await bench(t)
  const before = await archive()
  await engine.edit(backup.id, { pinned: true })
  const after = await archive()
  assert.notEqual(after.etag, before.etag)
  assert.match(String(await buffer(after.open(never))), /"pinned": true/)
})

test('damage of any part has no clean end', async t => {
  const { archive, backup, directory } = await bench(t)
  for (const name of [backup.key, backup.parts[0]!.fileName]) {
    const path = join(directory, name)
    const whole = readFileSync(path)
    const damaged = Buffer.from(whole)
    damaged[damaged.length - 1]! ^= 1
    writeFileSync(path, damaged)
    const { open, size } = await archive()
    let received = 0
    await rejectsWith(
      'CHECKSUM_MISMATCH',
      (async () => {
        for await (const chunk of open(never) as AsyncIterable<Buffer>) received += chunk.length
      })()
    )
    assert.ok(received < size, name)
    writeFileSync(path, whole)
  }
})

test('a part of another length, or that is not there, is refused before a byte is sent', async t => {
  const { archive, backup, directory } = await bench(t)
  const path = join(directory, backup.parts[0]!.fileName)
  writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.alloc(1)]))
  await rejectsWith('CHECKSUM_MISMATCH', archive())
  rmSync(path)
  await rejectsWith('OBJECT_NOT_FOUND', archive())
})
