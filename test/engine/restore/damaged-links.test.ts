import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import type { Restore } from '../../../src/core/restore/restore.ts'
import type { OffsiteStore } from '../../../src/engine/deps.ts'
import type { RestoreRequest } from '../../../src/engine/restore/restore-plan.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { testOffsite, type TestOffsite } from '../../support/stores/offsite.ts'
import { prose } from '../../support/streams.ts'

const OLD = prose(50_000)
const NEW = Buffer.from('what stands there now')

interface Bench extends TestEngine {
  readonly far: TestOffsite
  /** The path of a file of the backup in a store. */
  readonly pathIn: (store: string, suffix?: string) => string
  /** Changes a byte of that file. */
  readonly damage: (store: string, suffix?: string) => void
  /** How often one of the other stores was read since. */
  readonly reads: () => number
  readonly restore: (request?: RestoreRequest) => Promise<Restore>
  /** What is in the source now, and how many safety backups there are. */
  readonly state: () => Promise<unknown>
}

/** A backup of `OLD` in the landing store and in two others, and a source that has `NEW` since. */
async function bench (
  t: TestContext,
  { compression = 'none', isRemote = false }: {
    readonly compression?: 'none' | 'zstd'
    /** Whether the other stores have no files that could be used where they lie. */
    readonly isRemote?: boolean
  } = {}
): Promise<Bench> {
  const far = await testOffsite(t, { far: {}, near: {} })
  let reads = 0
  const watched = ([name, one]: [string, OffsiteStore]): [string, OffsiteStore] => {
    const { store } = one
    const get: typeof store.get = async (...args) => {
      reads++
      return await store.get(...args)
    }
    return [name, { ...one, store: { ...store, get, ...isRemote && { file: async () => undefined } } }]
  }
  const made = await testEngine(t, { offsite: new Map([...far.offsite].map(watched)) })
  made.source.bytes = OLD
  const backup = await made.create({ compression, upload: true })
  made.source.bytes = NEW
  reads = 0
  const directories: Readonly<Record<string, string>> = { local: made.directory, ...far.directories }
  const pathIn = (store: string, suffix = ''): string => join(directories[store]!, backup.key + suffix)
  return {
    ...made,
    far,
    pathIn,
    damage: (store, suffix = '') => {
      const bytes = readFileSync(pathIn(store, suffix))
      bytes[bytes.length >> 1]! ^= 1
      writeFileSync(pathIn(store, suffix), bytes)
    },
    reads: () => reads,
    restore: async (request = {}) => await (await made.engine.restore(backup.id, request)).result,
    state: async () => {
      const { backups } = await made.engine.backups({ limit: 10 })
      return {
        content: made.source.bytes.equals(OLD) ? 'old' : 'new',
        safety: backups.filter(({ type }) => type === 'pre-migration').length
      }
    }
  }
}

for (const compression of ['none', 'zstd'] as const) {
  for (const isRemote of [false, true]) {
    for (const verify of [true, false]) {
      test(`a damaged local copy (${compression}) is passed over for one ${isRemote ? 'to be fetched' : 'on a disk'}, ${verify ? 'verified' : 'not verified'}, with a warning`, async t => {
        const { damage, pathIn, restore, state } = await bench(t, { compression, isRemote })
        damage('local')
        const { status, warnings } = await restore({ verify })
        assert.deepEqual([status, await state()], ['completed', { content: 'old', safety: 1 }])
        assert.equal(warnings.length, 1)
        assert.match(warnings[0]!, /^the copy of backup 1 at ".*" is damaged and was not used: the file /)
        assert.ok(warnings[0]!.includes(`"${pathIn('local')}"`), warnings.join())
      })
    }
  }
}

test('of several damaged copies each is named, and the next good one is used', async t => {
  const { damage, pathIn, restore, state } = await bench(t)
  damage('local')
  damage('far')
  const { warnings } = await restore()
  assert.deepEqual(warnings.map(text => /at "(.*?)"/.exec(text)?.[1]), [pathIn('local'), pathIn('far')])
  assert.deepEqual(await state(), { content: 'old', safety: 1 })
})

test('a copy whose manifest was changed is passed over', async t => {
  const { restore, pathIn } = await bench(t)
  const path = pathIn('local', '.manifest.json')
  writeFileSync(path, readFileSync(path, 'utf8').replace('"shop"', '"shoq"'))
  assert.match(
    (await restore()).warnings[0]!,
    /is damaged and was not used: the manifest was changed after it was signed/
  )
})

test('a copy that is found damaged only when it is placed is passed over without a second safety backup', async t => {
  const { faults, damage, restore, state } = await bench(t)
  faults.meanwhile('source.snapshot', () => {
    damage('local')
  })
  assert.equal((await restore()).warnings.length, 1)
  assert.deepEqual(await state(), { content: 'old', safety: 1 })
})

test('a good copy elsewhere does not make a backup valid whose local copy is damaged', async t => {
  const { damage, restore, engine } = await bench(t)
  damage('local')
  await restore()
  assert.equal((await engine.backup(1)).verification.status, 'invalid')
})

test('where every copy is damaged nothing is touched, and the error is that of the nearest', async t => {
  const { damage, restore, state } = await bench(t)
  for (const store of ['local', 'far', 'near']) damage(store)
  const { message } = await rejectsWith('BACKUP_INVALID', restore())
  assert.match(message, /checksum failed/)
  assert.deepEqual(await state(), { content: 'new', safety: 0 })
})

test('where no other place can be read the error names the damage and what is wrong with the other', async t => {
  const { damage, restore, state, far, pathIn } = await bench(t)
  damage('local')
  rmSync(pathIn('near'))
  far.faults.fail('far.stat', { error: new BackupError('STORE_UNAVAILABLE', 'it is down') })
  const { hint } = await rejectsWith('BACKUP_INVALID', restore())
  assert.equal(hint, 'Restore another backup, or make the other copy readable: it is down.')
  assert.deepEqual(await state(), { content: 'new', safety: 0 })
})

test('content that is bad in every copy is read from one place alone', async t => {
  const { faults, reads, restore } = await bench(t)
  faults.fail('inspector.inspect', { error: new BackupError('DECODE_FAILED', 'the content is bad') })
  await rejectsWith('BACKUP_INVALID', restore())
  assert.equal(reads(), 0)
})

test('a failure that is no damage is not tried again elsewhere', async t => {
  const { faults, restore } = await bench(t)
  faults.fail('restorer.place', { error: new BackupError('SOURCE_LOCKED', 'it is held') })
  await rejectsWith('SOURCE_LOCKED', restore())
})
