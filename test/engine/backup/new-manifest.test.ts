import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseManifest } from '../../../src/core/backup/manifest.ts'
import { filesOf, testEngine } from '../../support/engine/engine.ts'
import { digestOf } from '../../support/streams.ts'

test('a backup leaves a row, an object and a manifest that say the same', async t => {
  const { engine, source, directory, create, files } = await testEngine(t)
  const backup = await create({ description: 'before the move' })
  const stored = readFileSync(join(directory, backup.key))
  const manifest = parseManifest(readFileSync(join(directory, `${backup.key}.manifest.json`), 'utf8'))
  assert.deepEqual(files(), filesOf(backup))
  assert.ok(stored.equals(source.bytes))
  assert.deepEqual([backup.status, backup.key, backup.filePath], [
    'completed',
    'shop-backup-2025-11-24T23-30-01.db',
    join(directory, backup.key)
  ])
  assert.deepEqual([backup.size, backup.checksum], [stored.length, digestOf(stored).sha256])
  assert.deepEqual(manifest.object, { name: backup.key, ...digestOf(stored) })
  assert.deepEqual([manifest.id, manifest.source, manifest.description, manifest.type], [
    backup.id,
    { name: 'shop', kind: 'memory', location: '/memory/shop' },
    'before the move',
    'manual'
  ])
  assert.deepEqual(manifest.facts.tables, [{ name: 'bytes', rows: source.bytes.length }])
  assert.deepEqual(await engine.manifest(backup.id), manifest)
  assert.deepEqual(backup.copies.map(({ store, status, location }) => [store, status, location]), [[
    'local',
    'stored',
    backup.filePath
  ]])
  assert.deepEqual(await engine.backup(backup.id), backup)
})
