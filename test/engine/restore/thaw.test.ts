import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import type { Store } from '../../../src/core/ports/store.ts'
import { thawBackup } from '../../../src/engine/restore/thaw.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { lost, rebuilt } from '../../support/engine/rebuild.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { testSigning } from '../../support/engine/signing.ts'
import { never } from '../../support/streams.ts'

test('a backup in cold storage says how long it takes, and is asked for in the store where that takes the shortest', async t => {
  const { stores } = await lost(t)
  const asked: string[] = []
  const cold = (store: Store, hours: number): Store => ({
    ...store,
    stat: async (key, signal) => {
      const found = await store.stat(key, signal)
      return key.endsWith('.json')
        ? found
        : { ...found, archived: { storageClass: 'DEEP', isThawing: asked.length > 0, hours } }
    },
    thaw: async (key, days) => {
      asked.push(`${store.name} ${key} ${days}`)
    }
  })
  const offsite = new Map(
    [...stores.offsite].map(([name, one]) => [name, { ...one, store: cold(one.store, name === 'far' ? 48 : 12) }])
  )
  const after = await testEngine(t, { offsite })
  await rebuilt(after)
  const { backup, ...thawing } = await after.engine.thaw(1, 5)
  assert.deepEqual([backup.id, thawing, asked], [1, { store: 'vault', hours: 12 }, [`vault ${backup.key} 5`]])
  await after.engine.thaw(1, 5)
  assert.equal(asked.length, 1)
  const { message } = await rejectsWith('OBJECT_ARCHIVED', (await after.engine.restore(1, {})).result)
  assert.match(message, /"DEEP" and is being thawed$/)
})

test('a backup that can be read is not asked for, and one that nobody has cannot be', async t => {
  const { before, stores, backups: [first] } = await lost(t)
  assert.deepEqual(await before.engine.thaw(1, 3), { backup: await before.engine.backup(1), store: null, hours: 0 })
  for (const directory of [before.directory, ...Object.values(stores.directories)]) {
    rmSync(join(directory, first?.key ?? ''))
  }
  await rejectsWith('OBJECT_NOT_FOUND', before.engine.thaw(1, 3))
})

test('the only store that was asked, and fails, is the error', async t => {
  const { before, backups: [first], stores } = await lost(t)
  for (const directory of [before.directory, stores.directories['vault']!]) rmSync(join(directory, first!.key))
  stores.faults.fail('far.stat', { error: new BackupError('STORE_UNAVAILABLE', 'it is down') })
  stores.faults.fail('vault.stat', { error: new BackupError('STORE_UNAVAILABLE', 'it is down') })
  await rejectsWith('STORE_UNAVAILABLE', thawBackup(before.deps, 1, 3, never))
})

test('a backup that is removed, or unsigned where a signature is required, is not asked for', async t => {
  const { deps, engine, create, faults } = await testEngine(t, { type: 'scheduled', settings: { maxBackups: 1 } })
  const [gone, there] = [await create(), await create()]
  await rejectsWith('BACKUP_DELETED', thawBackup(deps, gone.id, 3, never))
  await rejectsWith(
    'MANIFEST_UNSIGNED',
    thawBackup({ ...deps, signing: testSigning({ isRequired: true }) }, there.id, 3, never)
  )
  assert.deepEqual(await thawBackup(deps, there.id, 3, never), {
    backup: await engine.backup(there.id),
    store: null,
    hours: 0
  })
  faults.fail('source.probe', { error: new BackupError('SOURCE_MISSING', 'gone') })
  await rejectsWith('SOURCE_MISSING', create())
  await rejectsWith('BACKUP_NOT_COMPLETED', thawBackup(deps, 3, 3, never))
})
