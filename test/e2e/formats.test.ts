import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import type { OpenedEngine } from '../../src/app/open-engine.ts'
import type { Backup } from '../../src/core/backup/backup.ts'
import { performCopyTask } from '../../src/engine/replication/copy-task.ts'
import { manifestSchemaOfThen } from '../fixtures/formats-1-2/manifest-schema-of-then.ts'
import { formerHome, formerKey, openFormer, type FormerCatalog } from '../support/engine/former-installation.ts'
import { holdfast } from '../support/processes/holdfast.ts'

/** How many rows each backup of the fixture has, as its README.md lists them. */
const ROWS = new Map([
  ...[1, 10, 12].map(id => [id, 600] as const),
  ...[2, 3, 4, 5, 6, 7].map(id => [id, 602] as const),
  ...[8, 9, 13].map(id => [id, 20] as const)
])
/** In the trash. */
const TRASHED = 12
/** Sealed, one for each way to seal. */
const SEALED = [4, 5, 6, 9]

interface Former {
  readonly home: string
  readonly engine: OpenedEngine['engine']
  readonly backups: () => Promise<readonly Backup[]>
  /** Removes the copy in the second store, which is due. */
  readonly retireCopy: (id: number) => Promise<void>
}

async function former (
  t: TestContext,
  catalog: FormerCatalog,
  environment: Readonly<Record<string, string>> = {}
): Promise<Former> {
  const home = formerHome(t, catalog)
  return { home, ...await opened(t, home, environment) }
}

async function opened (
  t: TestContext,
  home: string,
  environment: Readonly<Record<string, string>> = {}
): Promise<Omit<Former, 'home'>> {
  const { engine, deps } = await openFormer(t, home, environment)
  return {
    engine,
    backups: async () => (await engine.backups({ limit: 100 })).backups,
    async retireCopy (id) {
      const task = await deps.catalog.copies.task('far', id)
      assert.equal(task?.status, 'removing')
      await performCopyTask(deps, engine, deps.offsite.get('far')!, task, AbortSignal.timeout(60_000))
    }
  }
}

/** The files of a store, with their content. */
function filesOf (directory: string): ReadonlyMap<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter(entry => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  return new Map(names.toSorted().map(path => [path.slice(directory.length + 1), readFileSync(path, 'base64')]))
}

function rowsOf (path: string): unknown {
  const database = new Database(path, { readonly: true })
  try {
    return database.prepare('SELECT id, amount FROM entry ORDER BY id').raw().all()
  } finally {
    database.close()
  }
}

const rowsTo = (last: number): unknown => Array.from({ length: last }, (_, index) => [index + 1, (index + 1) % 7])

for (const catalog of ['as recorded', 'lost'] as const) {
  test(`every backup of formats 1 and 2 verifies and restores (its catalog: ${catalog})`, async t => {
    const { home, engine, backups } = await former(t, catalog)
    await (await engine.undelete(TRASHED)).result
    const ids = (await backups()).filter(({ status }) => status === 'completed').map(({ id }) => id)
    assert.deepEqual(ids.toSorted((a, b) => a - b), [...ROWS.keys()].toSorted((a, b) => a - b))
    for (const [id, rows] of ROWS) {
      const verified = await (await engine.verify(id)).result
      assert.equal(verified.backup.verification.status, 'valid', `backup ${id}`)
      const target = join(home, `restored-${id}.db`)
      await (await engine.restore(id, { target })).result
      assert.deepEqual(rowsOf(target), rowsTo(rows), `backup ${id}`)
    }
  })
}

test('what the former catalog knows of its backups stays known, and none of their files is changed', async t => {
  const { home, engine, backups } = await former(t, 'in place')
  const before = filesOf(join(home, 'far'))
  const all = await backups()
  const known = (id: number): Backup | undefined => all.find(backup => backup.id === id)
  assert.deepEqual(
    [known(7)?.pinned, known(7)?.description, known(7)?.type],
    [true, 'before the move', 'pre-migration']
  )
  assert.match(String(known(8)?.suspicion?.reasons), /fell 97 %, from 602 to 20/)
  assert.notEqual(known(8)?.suspicion?.releasedAt, null)
  assert.equal(known(13)?.suspicion?.releasedAt, null)
  const failed = known(11)
  assert.deepEqual([failed?.status, failed?.errorCode], ['failed', 'VERIFICATION_FAILED'])
  assert.ok(existsSync(String(failed?.filePath)))
  assert.notEqual((await engine.backup(TRASHED)).trashedAt, null)
  assert.deepEqual(
    all.flatMap(({ id, copies }) =>
      copies.some(({ store, status }) => store === 'far' && status === 'stored') ? [id] : []
    ),
    [13, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]
  )
  await (await engine.verifyAll({})).result
  const { stores } = await (await engine.rebuild()).result
  assert.deepEqual(
    stores.map(({ name, added, refused }) => [name, added, refused]),
    [['local', 0, []], ['far', 0, []]]
  )
  assert.deepEqual(filesOf(join(home, 'far')), before)
  for (const [name, content] of before) {
    if (!name.startsWith('holdfast')) assert.equal(filesOf(join(home, 'backups')).get(name), content, name)
  }
})

test('a catalog that is made of the manifests of formats 1 and 2 has the marks that were in them', async t => {
  const { home, backups } = await former(t, 'lost')
  const marks = (await backups()).map(({ id, pinned, description, suspicion }) =>
    [id, pinned, description, suspicion === null ? null : suspicion.releasedAt !== null] as const
  )
  assert.deepEqual(marks.filter(([id]) => [7, 8, 9, 13].includes(id)), [
    [13, false, null, false],
    [9, false, null, null],
    [8, false, null, true],
    [7, true, 'before the move', null]
  ])
  assert.ok(existsSync(join(home, 'backups/quarantine')))
})

test('a backup of format 1 or 2 is copied to another store byte for byte, with its manifest', async t => {
  const home = formerHome(t, 'in place')
  mkdirSync(join(home, 'near'))
  writeFileSync(
    join(home, 'holdfast.yaml'),
    readFileSync(join(home, 'holdfast.yaml'), 'utf8').replace(
      'stores:',
      'stores:\n  near:\n    kind: local\n    path: ./near'
    )
  )
  const { engine } = await opened(t, home)
  for (const id of ROWS.keys()) if (id !== TRASHED) await (await engine.upload(id, { store: 'near' })).result
  const copies = [...filesOf(join(home, 'near'))].filter(([name]) => /^(?:app|ledger)-/.test(name))
  assert.equal(copies.length, 2 * (ROWS.size - 1))
  const originals = filesOf(join(home, 'far'))
  for (const [name, content] of copies) assert.equal(content, originals.get(name), name)
})

test('an edited backup of format 1 or 2 keeps its version, and only what was edited is changed', async t => {
  const { home, engine } = await former(t, 'in place')
  for (const id of [1, ...SEALED]) {
    const { filePath } = await engine.backup(id)
    const path = `${filePath}.manifest.json`
    const before = readFileSync(path, 'utf8')
    await engine.edit(id, { pinned: true, description: 'kept' })
    const after = readFileSync(path, 'utf8')
    assert.equal(manifestSchemaOfThen.parse(JSON.parse(after)).version, id === 1 ? 1 : 2)
    const unsigned = (text: string): string => text.slice(0, text.indexOf('  "signature"'))
    assert.equal(
      unsigned(after),
      unsigned(before).replace('"pinned": false', '"pinned": true').replace(
        '"description": null',
        '"description": "kept"'
      )
    )
    await (await engine.upload(id, { store: 'far' })).result
    assert.equal(
      filesOf(join(home, 'far')).get(path.slice(join(home, 'backups/').length)),
      Buffer.from(after).toString('base64')
    )
  }
})

test('backups of formats 1 and 2 are pruned with their copies, but for what a mark keeps', async t => {
  const { home, engine, backups, retireCopy } = await former(t, 'in place', { MAX_BACKUPS: '2' })
  const { removed } = await (await engine.prune({ dryRun: false, force: true })).result
  for (const { id } of removed) await retireCopy(id)
  assert.deepEqual(removed.map(({ id }) => id).toSorted((a, b) => a - b), [1, 2, 3, 4, 5, 6])
  // Pinned, the newest two, the suspect and what was good before it.
  const kept = [13, 10, 9, 8, 7]
  const left = (await backups()).filter(({ status }) => status === 'completed')
  assert.deepEqual(left.map(({ id }) => id), kept)
  for (const store of ['backups', 'far']) {
    const objects = [...filesOf(join(home, store)).keys()].filter(name => /^(?:app|ledger)-.*(?<!\.json)$/.test(name))
    assert.deepEqual(objects, left.map(({ key }) => key).toSorted(), store)
  }
  await (await engine.restore(9, { target: join(home, 'restored.db') })).result
  assert.deepEqual(rowsOf(join(home, 'restored.db')), rowsTo(20))
})

test('a backup of format 2 is put back into its database, by the command line', async t => {
  const home = formerHome(t, 'in place')
  const { code, err } = await holdfast(['restore', '5', '--yes'], home, {
    BACKUP_ENCRYPTION_PASSPHRASE: formerKey('passphrase.txt')
  })
  assert.equal(code, 0, err)
  assert.deepEqual(rowsOf(join(home, 'app.db')), rowsTo(602))
})

/** How a backup is sealed, with what it takes. */
const SEALING = {
  none: {},
  age: { BACKUP_ENCRYPTION: 'age', BACKUP_AGE_RECIPIENTS: formerKey('age-recipient.txt') },
  openpgp: { BACKUP_ENCRYPTION: 'openpgp', BACKUP_OPENPGP_PUBLIC_KEYS: formerKey('openpgp-public.asc') }
}

for (const [encryption, environment] of Object.entries(SEALING)) {
  test(`a new backup of one part is written as the former program reads it (encryption: ${encryption})`, async t => {
    const home = formerHome(t, 'in place')
    writeFileSync(
      join(home, 'holdfast.yaml'),
      readFileSync(join(home, 'holdfast.yaml'), 'utf8').replace('encryption: none\n', '')
    )
    const { engine } = await opened(t, home, environment)
    const like = encryption === 'none' ? 3 : 4
    const former = JSON.parse(readFileSync(`${(await engine.backup(like)).filePath}.manifest.json`, 'utf8')) as object
    await (await engine.restore(like, {})).result
    for (const compression of ['none', 'gzip', 'zstd'] as const) {
      const { filePath } = await (await engine.create({ type: 'manual', compression })).result
      const written = JSON.parse(readFileSync(`${filePath}.manifest.json`, 'utf8')) as object
      assert.equal(manifestSchemaOfThen.parse(written).version, encryption === 'none' ? 1 : 2)
      assert.deepEqual(keysOf(written), keysOf(former))
    }
  })
}

/** The names of all fields in their order, without what is in lists. */
function keysOf (value: object): readonly string[] {
  return Object.entries(value).flatMap(([key, field]: [string, unknown]) =>
    typeof field === 'object' && field !== null && !Array.isArray(field)
      ? [key, ...keysOf(field).map(name => `${key}.${name}`)]
      : [key]
  )
}
