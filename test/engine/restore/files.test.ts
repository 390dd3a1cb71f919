import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { LoadedKind } from '../../../src/core/ports/source-kind.ts'
import { requireTree } from '../../../src/engine/restore/files.ts'
import { shopDatabase } from '../../support/databases/shop.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { digestOf } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const ALL = { patterns: [], limit: 10 }

test('the files of a backup are listed, also of one that is compressed', async t => {
  const { engine, source, create } = await testEngine(t)
  const { id } = await create({ compression: 'zstd' })
  const { entries, next } = await engine.files(id, ALL)
  assert.deepEqual([entries.map(({ path, sha256 }) => [path, sha256]), next], [
    [['text', digestOf(source.bytes).sha256]],
    'more'
  ])
  assert.deepEqual(await engine.files(id, { ...ALL, after: 'more' }), { entries: [], next: null })
  await rejectsWith('BACKUP_NOT_FOUND', engine.files(9, ALL))
})

test('a kind without files lists none, and restores none of them', async t => {
  const { source } = shopDatabase(t)
  const { engine, create } = await testEngine(t, { sources: [source] })
  const { id } = await create()
  await rejectsWith('METHOD_UNSUPPORTED', engine.files(id, ALL))
  const target = join(tempDir(t), 'copy')
  await rejectsWith('METHOD_UNSUPPORTED', engine.restore(id, { target, paths: ['text'] }))
  assert.throws(() => requireTree({ name: 'sqlite', tree: null } as LoadedKind), { code: 'METHOD_UNSUPPORTED' })
})

test('selected paths go to a target, and never into the source', async t => {
  const { engine, deps, create } = await testEngine(t)
  const { id } = await create()
  const target = join(tempDir(t), 'copy')
  const { message } = await rejectsWith('VALIDATION_FAILED', engine.restore(id, { paths: ['text'] }))
  assert.match(message, /"target" is missing/)
  assert.equal((await (await engine.restore(id, { target, paths: ['text'] })).result).target, target)
  const refused = await engine.restore(id, { target: `${target}2`, paths: ['other'] })
  await rejectsWith('PATH_NOT_FOUND', refused.result)
  assert.equal((await deps.catalog.restores.get(2)).status, 'failed')
})
