import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { commandLine, type CommandLine } from '../../support/command-line.ts'
import { filesOf } from '../../support/engine.ts'
import { testOffsite, type TestOffsite } from '../../support/offsite.ts'
import { tempDir } from '../../support/temp-dir.ts'

async function make (t: TestContext, stores: Parameters<typeof testOffsite>[1] = { far: {} }): Promise<CommandLine & { readonly far: TestOffsite, readonly cwd: string }> {
  const far = await testOffsite(t, stores)
  const cwd = tempDir(t)
  return { ...await commandLine(t, { offsite: far.offsite, deps: { cwd } }), far, cwd }
}

test('upload brings a backup to every store and says where it is', async t => {
  const { holdfast, json, create, far } = await make(t, { far: {}, near: {} })
  const backup = await create()
  const { code, out } = await holdfast('upload', '1')
  assert.deepEqual([code, out], [0, `✓ backup 1, ${backup.key}, 100.0 kB: in "far", "local", "near"\n`])
  assert.deepEqual([far.files('far'), far.files('near')], [filesOf(backup), filesOf(backup)])
  assert.equal((await json('upload', '1', '--store', 'far')).uploaded.length, 1)
})

test('upload --all takes what is not there yet, also what was never promised, and then nothing', async t => {
  const { holdfast, create, deps, far } = await make(t)
  const made = [await create(), await create(), await create()]
  await deps.catalog.copies.drop(made[0]!.id, 'far')
  await holdfast('upload', '2')
  const { code, out } = await holdfast('backup', 'upload', '--all')
  assert.equal(code, 0)
  assert.match(out, /^✓ backup 1,.*\n✓ backup 3,.*\n\n2 backups uploaded\n$/)
  assert.deepEqual(far.files('far'), filesOf(...made))
  assert.deepEqual(await holdfast('upload', '--all').then(({ code, out }) => [code, out]), [0, 'nothing to upload: every backup is in every store\n'])
})

test('what does not reach its store ends with 3 and is named, the others are brought there', async t => {
  const { holdfast, create, far } = await make(t)
  await create()
  await create()
  far.faults.fail('far.put', { error: new BackupError('STORE_UNAVAILABLE', 'it is down') })
  const { code, out } = await holdfast('upload', '--all')
  assert.equal(code, 3)
  assert.match(out, /✓ backup 2,.*\n! backup 1: it is down\n\n1 backup uploaded, 1 not\n$/)
})

for (const words of [['upload'], ['upload', '1', '--all'], ['upload', '1', '--source', 'shop'], ['upload', '1', '--store', 'nowhere'], ['upload', '99']]) {
  test(`"${words.join(' ')}" is refused and uploads nothing`, async t => {
    const { holdfast, create, far } = await make(t)
    await create()
    assert.ok([2, 4].includes((await holdfast(...words)).code))
    assert.deepEqual(far.files('far'), [])
  })
}

test('create --upload-s3 answers once the copy is there', async t => {
  const { json, far } = await make(t)
  const { backup } = await json('backup', 'create', '--upload-s3')
  assert.equal(backup.copies[0].status, 'stored')
  assert.equal(far.files('far').length, 2)
})

test('list shows what one store holds', async t => {
  const { json, create } = await make(t, { s3: {} })
  await create()
  await create()
  await json('upload', '2')
  assert.deepEqual((await json('list', '--s3')).map(({ id }: { id: number }) => id), [2])
  assert.deepEqual((await json('list', '--store', 's3')).map(({ id }: { id: number }) => id), [2])
})

test('show tells how each copy stands', async t => {
  const { holdfast, create, far } = await make(t)
  await create()
  far.faults.fail('far.put', { error: new BackupError('STORE_UNAVAILABLE', 'it is down') })
  await holdfast('upload', '1')
  assert.match((await holdfast('show', '1')).out, /in "far" +failed: it is down, again in 1 min/)
})

test('download writes the artifact to a new file of its owner, byte for byte, under its own name in a directory', async t => {
  const { holdfast, json, create, directory, cwd } = await make(t)
  const { key } = await create({ compression: 'gzip' })
  assert.equal((await holdfast('download', '1')).code, 0)
  assert.deepEqual(readFileSync(join(cwd, key)), readFileSync(join(directory, key)))
  assert.equal(statSync(join(cwd, key)).mode & 0o777, 0o600)
  assert.deepEqual(await json('download', '1', '--output', 'x.db', '--decoded'), { backupId: 1, path: join(cwd, 'x.db'), store: 'local', size: 100_000, decoded: true })
  assert.equal(readFileSync(join(cwd, 'x.db')).length, 100_000)
})

test('download never overwrites, and leaves nothing of what broke', async t => {
  const { holdfast, create, faults, cwd } = await make(t)
  await create()
  writeFileSync(join(cwd, 'mine'), 'mine')
  assert.equal((await holdfast('download', '1', '--output', 'mine')).code, 5)
  assert.equal(readFileSync(join(cwd, 'mine'), 'utf8'), 'mine')
  const before = readdirSync(cwd)
  faults.fail('store.get', { error: new BackupError('STORE_FAILED', 'the disk gave up'), when: 50_000 })
  assert.equal((await holdfast('download', '1', '--output', 'new')).code, 7)
  assert.equal((await holdfast('download', '1', '--output', 'no/such/folder')).code, 2)
  assert.deepEqual(readdirSync(cwd), before)
})
