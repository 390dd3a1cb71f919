import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { withSignature, type Manifest } from '../../../src/core/backup/manifest.ts'
import { BackupError } from '../../../src/core/errors.ts'
import type { Store } from '../../../src/core/ports/store.ts'
import { readManifests, type FoundManifest } from '../../../src/engine/recovery/scan-manifests.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { empty, landed, listed, lost, rebuilt } from '../../support/engine/rebuild.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never, prose } from '../../support/streams.ts'

test('manifests that are none, or whose object is missing, are refused with the reason, and the rest is taken over', async t => {
  const before = await testEngine(t)
  const [first, second] = [await before.create(), await before.create()]
  rmSync(first.filePath)
  writeFileSync(join(before.directory, 'junk.db.manifest.json'), '{"format": "other"}')
  writeFileSync(join(before.directory, 'text.db.manifest.json'), 'oops')
  const kept = before.files()
  const after = await testEngine(t, { directory: before.directory })
  const [adopted, refused] = await landed(after)
  assert.deepEqual([adopted, refused.map(({ key }) => key)], [1, [
    'junk.db.manifest.json',
    `${first.key}.manifest.json`,
    'text.db.manifest.json'
  ]])
  assert.match(refused[0]!.reason, /"format"/)
  assert.match(refused[1]!.reason, /missing/)
  assert.deepEqual([(await after.engine.backups({ limit: 10 })).backups.map(({ id }) => id), after.files()], [[
    second.id
  ], kept])
})

test('files without a manifest, and what is kept aside, are left alone', async t => {
  const before = await testEngine(t)
  before.source.bytes = Buffer.concat([Buffer.from('BAD'), prose(100)])
  await rejectsWith('VERIFICATION_FAILED', before.create())
  writeFileSync(join(before.directory, 'holiday.jpg'), "somebody's own")
  writeFileSync(join(before.directory, 'quarantine/x.db.manifest.json'), '{}')
  const kept = before.files()
  const after = await testEngine(t, { directory: before.directory })
  assert.deepEqual([await landed(after), after.files()], [[0, []], kept])
})

test("a manifest of somebody else's object is refused where its length tells, and otherwise tells on itself when it is verified", async t => {
  const before = await testEngine(t)
  const [first, second, third] = [
    await before.create(),
    await before.create({ compression: 'gzip' }),
    await before.create()
  ]
  copyFileSync(`${first.filePath}.manifest.json`, `${second.filePath}.manifest.json`)
  writeFileSync(third.filePath, Buffer.alloc(third.size ?? 0, 7))
  const after = await testEngine(t, { directory: before.directory })
  const [adopted, refused] = await landed(after)
  assert.deepEqual([adopted, refused.map(({ key }) => key)], [2, [`${second.key}.manifest.json`]])
  assert.match(refused[0]!.reason, new RegExp(`has ${second.size} bytes instead of ${first.size}`))
  const { results } = await (await after.engine.verifyAll({})).result
  assert.deepEqual(results.filter(({ verification }) => !verification.valid).map(({ backup }) => backup.key), [
    third.key
  ])
})

test('damaged manifests, and those without their object, are refused with the reason; an object without manifest is nothing', async t => {
  const { stores, backups, url } = await lost(t)
  const at = (key = ''): string => join(stores.directories['far'] ?? '', key)
  writeFileSync(at(`${backups[0]?.key ?? ''}.manifest.json`), '{"format": "holdfast-man')
  rmSync(at(backups[1]?.key))
  writeFileSync(at(backups[2]?.key), 'cut')
  writeFileSync(at('holiday.jpg'), "somebody's own")
  const after = await empty(t)
  const { adopted, stores: [store] } = await rebuilt(after, url)
  assert.deepEqual([adopted, await listed(after)], [0, []])
  assert.deepEqual(store?.refused.map(({ reason }) => reason), [
    'its object is missing',
    'the manifest is not JSON',
    `its object has 3 bytes instead of ${backups[2]?.size ?? 0}`
  ])
})

test('a manifest whose source could not be the name of one, or that lies in a folder, is refused', async t => {
  const { before, stores, backups, url } = await lost(t)
  const [, , third] = backups
  const manifest = join(stores.directories['far'] ?? '', `${third?.key ?? ''}.manifest.json`)
  const forged = JSON.parse(readFileSync(manifest, 'utf8').replace('"name": "shop"', '"name": "../shop"')) as Manifest
  writeFileSync(manifest, JSON.stringify(withSignature(forged, undefined)))
  const after = await empty(t)
  assert.deepEqual((await rebuilt(after, url)).stores[0]?.refused.map(({ reason }) => reason), [
    '"../shop" cannot be the name of a source'
  ])
  const above = `file://${before.directory.replace(/\/backups$/, '')}`
  assert.match(
    (await rebuilt(await empty(t), above, true)).stores[0]?.refused[0]?.reason ?? '',
    /^it is in the subdirectory "backups\/"/
  )
})

/** What is found in the store, and what is refused. */
async function scanned (
  store: Store,
  { hasTrash = true, take = async () => {} }: {
    readonly hasTrash?: boolean
    readonly take?: (found: FoundManifest) => Promise<void>
  } = {}
) {
  const found: string[] = []
  const refused: [string, string][] = []
  await readManifests({
    store,
    hasTrash,
    take: async one => {
      await take(one)
      found.push(one.object.key)
    },
    refuse: (key, reason) => {
      refused.push([key, reason])
    }
  }, never)
  return { found: found.toSorted(), refused }
}

test('what lies in the trash is found where the store has one, and passed over otherwise', async t => {
  const { deps, engine, create } = await testEngine(t)
  const [first, second] = [await create(), await create()]
  await (await engine.remove(first.id, { force: true })).result
  assert.deepEqual(await scanned(deps.store), { found: [second.key, `trash/${first.key}`], refused: [] })
  assert.deepEqual(await scanned(deps.store, { hasTrash: false }), { found: [second.key], refused: [] })
})

test('an object that the list does not show is asked for, and one that goes away meanwhile is passed over', async t => {
  const { deps, create, faults } = await testEngine(t)
  const [first, second] = [await create(), await create()]
  const behind: Store = {
    ...deps.store,
    list: async function* (prefix, signal) {
      for await (const object of deps.store.list(prefix, signal)) if (object.key !== first.key) yield object
    }
  }
  assert.deepEqual(await scanned(behind), { found: [first.key, second.key], refused: [] })
  faults.fail('store.get', { error: new BackupError('OBJECT_NOT_FOUND', 'it is gone'), on: new RegExp(first.key) })
  assert.deepEqual(await scanned(deps.store), { found: [second.key], refused: [] })
})

test('a symbolic link in the place of a manifest or an object is refused', async t => {
  const { deps, create, directory } = await testEngine(t)
  const [first, second] = [await create(), await create()]
  symlinkSync(second.filePath, join(directory, 'link.db'))
  rmSync(`${first.filePath}.manifest.json`)
  symlinkSync(`${second.filePath}.manifest.json`, `${first.filePath}.manifest.json`)
  const { found, refused } = await scanned(deps.store)
  assert.deepEqual([found, refused.map(([key]) => key).toSorted()], [[second.key], [
    'link.db',
    `${first.key}.manifest.json`
  ]])
})

test('a refusal of the one who takes a manifest is its reason with the hint, and any other error is thrown', async t => {
  const { deps, create } = await testEngine(t)
  const { key } = await create()
  const unsigned = async (): Promise<never> => {
    throw new BackupError('MANIFEST_UNSIGNED', 'it is not signed', { hint: 'Sign it.' })
  }
  assert.deepEqual(await scanned(deps.store, { take: unsigned }), {
    found: [],
    refused: [[`${key}.manifest.json`, 'it is not signed. Sign it.']]
  })
  await rejectsWith(
    'CATALOG_BUSY',
    scanned(deps.store, {
      take: async () => {
        throw new BackupError('CATALOG_BUSY', 'another process holds it')
      }
    })
  )
})

test('captured log is passed over, whatever lies there', async t => {
  const { deps, create, directory } = await testEngine(t)
  const backup = await create()
  const folder = join(directory, 'log/shop/lineage-1')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, '000000010000000000000002.zst'), 'a segment')
  writeFileSync(join(folder, 'odd.manifest.json'), 'no manifest')
  copyFileSync(`${backup.filePath}.manifest.json`, join(folder, `${backup.key}.manifest.json`))
  symlinkSync(backup.filePath, join(folder, 'link'))
  assert.deepEqual(await scanned(deps.store), { found: [backup.key], refused: [] })
})

test('no name of captured log stays in memory', async t => {
  const { deps, create } = await testEngine(t)
  const { key } = await create()
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const used = (): number => {
    collect()
    return process.memoryUsage().heapUsed
  }
  let grown = 0
  const full: Store = {
    ...deps.store,
    list: async function* (prefix, signal) {
      const before = used()
      for (let n = 0; n < 100_000; n++) {
        yield { key: `log/shop/lineage-1/${n.toString(16).padStart(24, '0')}.zst`, size: n, modifiedAt: new Date(n) }
      }
      grown = used() - before
      yield* deps.store.list(prefix, signal)
    }
  }
  assert.deepEqual(await scanned(full), { found: [key], refused: [] })
  assert.ok(grown < 4 * 1024 * 1024, `${grown} bytes`)
})
