import assert from 'node:assert/strict'
import Database from 'better-sqlite3'
import { copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { buffer } from 'node:stream/consumers'
import { COMPRESSIONS, type Compression } from '../../../src/core/ports/codec.ts'
import type { Verification } from '../../../src/core/ports/verification.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { shopDatabase } from '../../support/databases/shop.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

for (const compression of COMPRESSIONS) {
  test(`a ${compression} backup of a live database opens, holds every row, and passes every level`, async t => {
    const { source } = shopDatabase(t)
    const { engine, create, deps } = await testEngine(t, { sources: [source] })
    const backup = await create({ compression })
    const download = await engine.download(backup.id, { decoded: true })
    const path = join(tempDir(t), 'copy.db')
    writeFileSync(path, await buffer(await download.open(undefined, never)))
    const db = new Database(path, { readonly: true })
    assert.equal(db.prepare('SELECT sum(total) FROM owed').pluck().get(), 7 * 500_500)
    db.close()
    const skipped = backup.verification.checks.filter(({ status }) => status !== 'pass').map(({ name }) => name)
    assert.deepEqual(
      skipped,
      compression === 'none' ? ['manifest', 'decryption', 'decompression'] : ['manifest', 'decryption']
    )
    assert.deepEqual((await deps.catalog.backups.manifest(backup.id))?.facts.tables, [{ name: 'customer', rows: 200 }, {
      name: 'invoice',
      rows: 1000
    }])
  })
}

test("a database that is missing is the row's error, and nothing is left", async t => {
  const { source, path } = shopDatabase(t)
  const { engine, create, files } = await testEngine(t, { sources: [source] })
  rmSync(path)
  await rejectsWith('SOURCE_MISSING', create())
  assert.deepEqual([(await engine.backup(1)).errorCode, files()], ['SOURCE_MISSING', []])
})

type Damage = (path: string, directory: string) => void

function editManifest (change:
  (manifest: { facts: { tables: Array<{ rows: number }> }, object: { sha256: string } }) => void): Damage {
  return path => {
    const manifest = JSON.parse(readFileSync(`${path}.manifest.json`, 'utf8')) as Parameters<typeof change>[0]
    change(manifest)
    writeFileSync(`${path}.manifest.json`, JSON.stringify(manifest))
  }
}

const damages: ReadonlyArray<readonly [string, string, Damage]> = [
  ['that is missing', 'file_exists', path => {
    rmSync(path)
  }],
  ['with one changed bit', 'checksum', path => {
    const bytes = readFileSync(path)
    bytes[Math.floor(bytes.length * 0.6)]! ^= 8
    writeFileSync(path, bytes)
  }],
  ['that was cut by one byte', 'checksum', path => {
    truncateSync(path, readFileSync(path).length - 1)
  }],
  ['that was swapped for another one', 'checksum', (path, directory) => {
    copyFileSync(join(directory, 'other'), path)
  }],
  ['whose manifest is missing', 'manifest', path => {
    rmSync(`${path}.manifest.json`)
  }],
  ['whose manifest is not JSON', 'manifest', path => {
    writeFileSync(`${path}.manifest.json`, 'oops')
  }],
  ['whose manifest is far too large', 'manifest', path => {
    writeFileSync(`${path}.manifest.json`, Buffer.alloc(17 * 1024 * 1024, ' '))
  }],
  [
    'whose manifest was edited',
    'manifest',
    editManifest(manifest => {
      manifest.facts.tables[0]!.rows = 3
    })
  ],
  [
    'whose manifest has another digest',
    'manifest',
    editManifest(manifest => {
      manifest.object.sha256 = 'f'.repeat(64)
    })
  ]
]

async function damaged (bench: TestEngine, compression: Compression, damage: Damage): Promise<Verification> {
  const backup = await bench.create({ compression, verify: false })
  writeFileSync(join(bench.directory, 'other'), Buffer.alloc(backup.size!, 1))
  damage(backup.filePath, bench.directory)
  const { verification } = await (await bench.engine.verify(backup.id)).result
  return verification
}

for (const [what, check, damage] of damages) {
  test(`a backup ${what} is not valid, and the check "${check}" says so`, async t => {
    const { source } = shopDatabase(t)
    const bench = await testEngine(t, { sources: [source] })
    for (const compression of check === 'manifest' ? ['none'] as const : ['none', 'zstd'] as const) {
      const verification = await damaged(bench, compression, damage)
      assert.equal(verification.valid, false)
      assert.deepEqual(verification.checks.filter(({ status }) => status === 'fail').map(({ name }) => name), [check])
    }
  })
}

test('a sparse database file that is larger than the disk is backed up', async t => {
  const { source, path } = shopDatabase(t)
  const { create, engine } = await testEngine(t, { sources: [source] })
  truncateSync(path, 2 ** 43)
  const backup = await create({ type: 'scheduled' })
  assert.equal((await (await engine.verify(backup.id)).result).verification.valid, true)
})
